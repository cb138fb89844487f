import type { Route, VirtualHost } from "@sluice/model";
import type { Change, RouteLine } from "./change.ts";
import { diffRoutes } from "./diff-routes.ts";
import { diffWeights } from "./diff-weights.ts";
import { changedEntries } from "./map-diff.ts";
import type { ShowPolicy } from "./policy-changes.ts";
import { actionWords, matchWords } from "./words.ts";

/** Hosts that come and go, and what changes on those that stay. */
export function diffHosts(
  before: ReadonlyMap<string, VirtualHost>,
  after: ReadonlyMap<string, VirtualHost>,
  showPolicy: ShowPolicy | undefined,
): Change[] {
  return changedEntries(before, after).flatMap(({ old, new: young }): Change[] => {
    if (old !== undefined && young !== undefined)
      return [
        ...certificateChange(old, young),
        ...diffWeights(old, young),
        ...diffRoutes(old, young, showPolicy),
      ];
    return [
      ...(old === undefined ? [] : [wholeHost("host-removed", old)]),
      ...(young === undefined ? [] : [wholeHost("host-added", young)]),
    ];
  });
}

function wholeHost(kind: "host-added" | "host-removed", virtualHost: VirtualHost): Change {
  const { host, routes } = virtualHost;
  const certificate = tlsWords(virtualHost);
  return { kind, host, routes: routes.map(routeLine), ...(certificate === undefined ? {} : { certificate }) };
}

/** What clients see over TLS: a certificate, or somebody else's. */
function tlsWords({ certificate, passthrough }: VirtualHost): string | undefined {
  if (passthrough === undefined) return certificate;
  return `passed on to ${passthrough.backend?.name ?? "nobody"}`;
}

function certificateChange(old: VirtualHost, young: VirtualHost): Change[] {
  const [before, after] = [tlsWords(old), tlsWords(young)];
  if (before === after) return [];
  return [
    {
      kind: "host-certificate",
      host: young.host,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

export function routeLine(route: Route): RouteLine {
  return { route: route.name, match: matchWords(route), action: actionWords(route.action) };
}

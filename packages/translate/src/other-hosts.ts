import { isDeepStrictEqual } from "node:util";
import type { Feature, OtherHost } from "@sluice/feature-api";
import type { Diagnostic, Origin, Route } from "@sluice/model";
import type { TranslateContext } from "./context.ts";
import type { IngressUnits } from "./ingress-units.ts";

/** Why a host without rules is served. */
export interface Claim {
  /** The host on whose account. */
  readonly of: string;
  readonly feature: string;
  /** What all its requests get; absent: the routes of that host. */
  readonly route?: Route;
}

/** Hosts that are served on account of others: aliases, and the like. All reads are recorded. */
export interface OtherHosts {
  /** Undefined for hosts with rules, and for those that nobody asks for. */
  claim(host: string): Claim | undefined;
  /** What there is to say about the hosts that are asked for on account of this one. */
  findings(host: string): readonly Diagnostic[];
}

interface Wish extends OtherHost {
  readonly of: string;
  readonly feature: Feature;
  readonly origins: readonly Origin[];
}

export function otherHosts(context: TranslateContext, ingresses: IngressUnits): OtherHosts {
  const asking = context.byScope.domain.filter((feature) => feature.otherHosts !== undefined);

  const wishes = (host: string): readonly Wish[] => {
    const { policies, origins } = ingresses.domain(host);
    return asking.flatMap((feature) => {
      const policy = policies[feature.id];
      const wanted = policy === undefined ? [] : (feature.otherHosts?.(policy, host) ?? []);
      return wanted.map((other) => ({ ...other, of: host, feature, origins: origins[feature.id] ?? [] }));
    });
  };

  /** The wish that comes true. */
  const granted = (host: string): Wish | undefined => {
    if (asking.length === 0 || ingresses.ofHost(host).length > 0) return undefined;
    for (const { hosts } of ingresses.asking(host))
      for (const of of hosts) {
        const wish = wishes(of).find((each) => each.host === host);
        if (wish !== undefined) return wish;
      }
    return undefined;
  };

  return {
    claim(host) {
      const wish = granted(host);
      return wish === undefined ? undefined : claimOf(wish);
    },
    findings: (host) =>
      asking.length === 0
        ? []
        : wishes(host).flatMap((wish) => {
            const winner = granted(wish.host);
            return winner?.of === host && winner.feature === wish.feature ? [] : refused(wish, winner);
          }),
  };
}

function claimOf({ of, host, feature, answer, origins }: Wish): Claim {
  if (answer === undefined) return { of, feature: feature.id };
  const [first] = origins;
  const prefix = first === undefined ? "" : `${first.object.namespace}/${first.object.name}/`;
  const route: Route = {
    name: `${prefix}${feature.id}/${host}`,
    origins,
    match: { path: { kind: "prefix", value: "/" }, conditions: [] },
    action: answer,
    policies: {},
  };
  return { of, feature: feature.id, route };
}

function refused(wish: Wish, winner: Wish | undefined): readonly Diagnostic[] {
  // An Ingress with several hosts asks once for each of them.
  if (winner !== undefined && isDeepStrictEqual(winner.origins, wish.origins)) return [];
  const why =
    winner === undefined
      ? "has rules of its own"
      : `is taken on account of ${winner.of} (${winner.feature.title})`;
  return wish.origins.slice(0, 1).map((origin) => ({
    code: "annotation-no-effect",
    severity: winner === undefined && wish.answer !== undefined ? "info" : "warning",
    origin,
    key: /"(.*)"/.exec(origin.field ?? "")?.[1] ?? "",
    value: wish.host,
    message: `${wish.feature.title}: ${wish.host} ${why}, and so is not served on account of ${wish.of}.`,
  }));
}

import { type Feature, IP_ACCESS_FILTER } from "@sluice/feature-api";
import type { Resource } from "@sluice/model";
import {
  encode,
  type HeaderValueOption,
  type Route,
  type RouteConfiguration,
  TYPE_URLS,
  type VirtualHost,
} from "@sluice/protos";
import { makeResource } from "./built.ts";
import { forwardedHeaders, REMOVED_REQUEST_HEADERS } from "./forwarded-headers.ts";
import { overwrite } from "./route-action.ts";
import { type RouteTable, tableOfName } from "./route-table.ts";
import { overAds } from "./values.ts";
import { appendMessages } from "./wire.ts";
import type { XdsContext } from "./xds-context.ts";

/** Field number of `virtual_hosts` in a RouteConfiguration. */
const VIRTUAL_HOSTS = 2;

/**
 * Seconds that a table waits for its first host. Longer than Envoy's 15, since a host comes only after its backends
 * are accepted; bounded, since a table whose hosts are all withheld must not hold up its listener for ever.
 */
const FIRST_HOST_TIMEOUT = 60;

/** What the hosts of a table share; the hosts themselves come by VHDS. */
export function routeConfiguration(table: RouteTable, context: XdsContext): Resource {
  const message: RouteConfiguration = {
    ...sharedConfiguration(table, context),
    vhds: { configSource: overAds(FIRST_HOST_TIMEOUT) },
  };
  return makeResource({
    typeUrl: TYPE_URLS.ROUTE_CONFIGURATION,
    name: table.name,
    bytes: encode(TYPE_URLS.ROUTE_CONFIGURATION, message),
  });
}

/**
 * The same with its hosts in it, for a node that speaks the state of the world and so has no VHDS. The bytes of the hosts
 * are taken as they are.
 */
export function inlineRouteConfiguration(
  configuration: Resource,
  virtualHosts: readonly Resource[],
  context: XdsContext,
): Resource {
  const shared = encode(
    TYPE_URLS.ROUTE_CONFIGURATION,
    sharedConfiguration(tableOfName(configuration.name), context),
  );
  const hosts = virtualHosts.map((host) => host.bytes);
  const dependsOn = [...configuration.dependsOn, ...virtualHosts.flatMap((host) => host.dependsOn)];
  return makeResource({
    typeUrl: TYPE_URLS.ROUTE_CONFIGURATION,
    name: configuration.name,
    bytes: appendMessages(shared, VIRTUAL_HOSTS, hosts),
    origins: [...configuration.origins, ...virtualHosts.flatMap((host) => host.origins)],
    dependsOn: dependsOn.filter((ref) => ref.typeUrl !== TYPE_URLS.ROUTE_CONFIGURATION),
  });
}

function sharedConfiguration(
  table: RouteTable,
  { settings, features, ipAccess }: XdsContext,
): RouteConfiguration {
  const hsts = table.https && settings.hsts !== undefined ? [strictTransportSecurity(settings.hsts)] : [];
  const message: RouteConfiguration = {
    name: table.name,
    ...(table.chain !== undefined && { virtualHosts: [misdirected(table)] }),
    requestHeadersToAdd: forwardedHeaders(table, settings),
    requestHeadersToRemove: REMOVED_REQUEST_HEADERS,
    // How long a backend took is nothing for clients.
    responseHeadersToRemove: ["x-envoy-upstream-service-time"],
    ...(hsts.length > 0 && { responseHeadersToAdd: hsts }),
    // A header that a route sets beats the one that all routes get.
    mostSpecificHeaderMutationsWins: true,
    ignorePortInHostMatching: true,
    ...(ipAccess !== undefined && { typedPerFilterConfig: { [IP_ACCESS_FILTER]: ipAccess } }),
  };
  for (const feature of features.active) applyDefaults(feature, message);
  return message;
}

function applyDefaults(feature: Feature, message: RouteConfiguration): void {
  feature.routeConfiguration?.(message);
}

/** Answers whatever comes with 421. */
export const MISDIRECTED_ROUTE: Route = {
  name: "misdirected",
  match: { prefix: "/" },
  directResponse: { status: 421 },
};

/** A browser may reuse a connection for any name on its certificate; RFC 9110, section 15.5.20, sends it elsewhere. */
function misdirected(table: RouteTable): VirtualHost {
  return {
    name: `${table.name}/*`,
    domains: ["*"],
    routes: [MISDIRECTED_ROUTE],
  };
}

function strictTransportSecurity(hsts: {
  readonly maxAge: number;
  readonly includeSubDomains: boolean;
  readonly preload: boolean;
}): HeaderValueOption {
  const parts = [
    `max-age=${hsts.maxAge}`,
    ...(hsts.includeSubDomains ? ["includeSubDomains"] : []),
    ...(hsts.preload ? ["preload"] : []),
  ];
  return overwrite("strict-transport-security", parts.join("; "));
}

import type { GatewaySettings } from "@sluice/model";
import { any, type HttpConnectionManager, type HttpFilter, type NetworkFilter } from "@sluice/protos";
import { accessLog } from "./access-log.ts";
import { earlyHeaderMutations } from "./forwarded-headers.ts";
import type { RouteTable } from "./route-table.ts";
import { managerTracing } from "./tracing.ts";
import { overAds, seconds, TRUE, uint32 } from "./values.ts";

const MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/** The network filter that serves a table's hosts on the connections of one filter chain. */
export function connectionManager(
  table: RouteTable,
  settings: GatewaySettings,
  httpFilters: readonly HttpFilter[],
): NetworkFilter {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typedConfig: any(MANAGER, {
      // One for all chains: statistics by certificate would grow with the number of hosts.
      statPrefix: table.https ? "https" : "http",
      // For ever: a listener without its hosts would answer 404.
      rds: { configSource: overAds(0), routeConfigName: table.name },
      httpFilters,
      accessLog: accessLog(settings),
      ...clientIdentity(settings),
      ...pathAndHostRules(),
      ...protocolOptions(settings),
      ...timeouts(settings),
      ...serverHeader(settings),
      ...managerTracing(settings),
      // Routes need not allow it one by one.
      upgradeConfigs: [{ upgradeType: "websocket" }],
    }),
  };
}

/**
 * Envoy takes an empty list for its default, the private addresses, and then lets their clients say what only a proxy
 * should: so the list holds an address that no peer has.
 */
const NOBODY = { cidrRanges: [{ addressPrefix: "0.0.0.0", prefixLen: uint32(32) }] };

/** Who the client is: the peer, or who the trusted proxies say. Nobody is "internal", whatever the address. */
function clientIdentity(settings: GatewaySettings): Partial<HttpConnectionManager> {
  return {
    useRemoteAddress: TRUE,
    xffNumTrustedHops: settings.trustedHops,
    internalAddressConfig: NOBODY,
    preserveExternalRequestId: settings.keepRequestId,
    earlyHeaderMutationExtensions: earlyHeaderMutations(settings),
  };
}

/** One spelling of a path for all who look at it. A `#` in it is refused by Envoy's default. */
function pathAndHostRules(): Partial<HttpConnectionManager> {
  return {
    normalizePath: TRUE,
    mergeSlashes: true,
    // %2F is part of a path element, as Kubernetes' path matching and nginx have it.
    pathWithEscapedSlashesAction: "KEEP_UNCHANGED",
    stripTrailingHostDot: true,
  };
}

function protocolOptions({ limits, timeouts }: GatewaySettings): Partial<HttpConnectionManager> {
  return {
    maxRequestHeadersKb: uint32(limits.requestHeadersKiB),
    commonHttpProtocolOptions: {
      idleTimeout: seconds(timeouts.clientIdle),
      // CGI programs cannot tell `_` from `-`; ingress-nginx drops such headers too.
      headersWithUnderscoresAction: "DROP_HEADER",
    },
    // Health checks of older load balancers speak HTTP/1.0.
    httpProtocolOptions: { acceptHttp10: true },
    http2ProtocolOptions: {
      maxConcurrentStreams: uint32(limits.concurrentStreams),
      initialStreamWindowSize: uint32(64 * 1024),
      initialConnectionWindowSize: uint32(1024 * 1024),
      // A bad request ends its own stream and not those beside it.
      overrideStreamErrorOnInvalidHttpMessage: TRUE,
      // Finds clients that vanished without a word.
      connectionKeepalive: { interval: seconds(60), timeout: seconds(20) },
    },
  };
}

function timeouts({ timeouts }: GatewaySettings): Partial<HttpConnectionManager> {
  return {
    streamIdleTimeout: seconds(timeouts.streamIdle),
    requestHeadersTimeout: seconds(timeouts.requestHeaders),
    requestTimeout: seconds(timeouts.request),
  };
}

function serverHeader({ serverHeader }: GatewaySettings): Partial<HttpConnectionManager> {
  if (serverHeader === undefined) return { serverHeaderTransformation: "PASS_THROUGH" };
  return { serverName: serverHeader };
}

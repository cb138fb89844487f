import { ipAccessMatcher } from "@sluice/feature-api";
import type { IpAccess, PassthroughChain } from "@sluice/model";
import { any, encode, type NetworkFilter, type NetworkRBAC } from "@sluice/protos";
import { quoteMeta } from "./regex.ts";
import { uint32 } from "./values.ts";
import type { XdsContext } from "./xds-context.ts";

/** Tries to reach an endpoint, each on another one if there is one. */
const CONNECT_ATTEMPTS = 3;

/** There is no such cluster: connections are closed. */
const NOBODY = "passthrough/nobody";

/** Whether the node has what chains without TLS of the gateway's own are made of. */
export function canPassThrough({ features }: XdsContext): boolean {
  return !features.lacking.some(({ feature }) => feature.passesTls !== undefined);
}

/**
 * A filter chain for the connections that name a host by SNI: they go on to the chain's cluster as they are. The address
 * lists of the gateway hold; the client's address is that of the connection.
 */
export function encodePassthroughChain(chain: PassthroughChain, { settings }: XdsContext): Uint8Array {
  return encode("envoy.config.listener.v3.FilterChain", {
    name: `passthrough/${chain.host}`,
    filterChainMatch: { serverNames: [chain.host] },
    filters: [
      ...(settings.ipAccess === undefined ? [] : [addressLists(settings.ipAccess)]),
      ...(chain.host.startsWith("*.") ? [oneLabel(chain.host)] : []),
      {
        name: "envoy.filters.network.tcp_proxy",
        typedConfig: any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
          statPrefix: "passthrough",
          cluster: chain.cluster ?? NOBODY,
          maxConnectAttempts: uint32(CONNECT_ATTEMPTS),
        }),
      },
    ],
  });
}

function addressLists(lists: IpAccess): NetworkFilter {
  return rbac("addresses", { matcher: ipAccessMatcher(lists) });
}

/** Envoy's wildcard takes names of any depth, that of Kubernetes exactly one label. */
function oneLabel(host: string): NetworkFilter {
  const regex = `(?i)[^.]+${quoteMeta(host.slice(1))}`;
  return rbac("one_label", {
    rules: {
      action: "ALLOW",
      policies: {
        label: {
          permissions: [{ requestedServerName: { safeRegex: { regex } } }],
          principals: [{ any: true }],
        },
      },
    },
  });
}

function rbac(name: string, config: NetworkRBAC): NetworkFilter {
  return {
    name: "envoy.filters.network.rbac",
    typedConfig: any("envoy.extensions.filters.network.rbac.v3.RBAC", {
      statPrefix: `passthrough_${name}.`,
      ...config,
    }),
  };
}

import {
  DEFAULT_CERTIFICATE,
  type ListenerSettings,
  type PassthroughChain,
  type Resource,
  type ResourceRef,
  type TlsChain,
} from "@sluice/model";
import { any, encode, type FilterChain, type HttpFilter, type Listener, TYPE_URLS } from "@sluice/protos";
import { makeResource } from "./built.ts";
import { connectionManager } from "./connection-manager.ts";
import { httpFilters } from "./http-filters.ts";
import { canPassThrough, encodePassthroughChain } from "./passthrough.ts";
import { chainTable, HTTP_TABLE, HTTPS_TABLE, type RouteTable } from "./route-table.ts";
import { downstreamTls } from "./tls-context.ts";
import { tracingCluster } from "./tracing.ts";
import { uint32 } from "./values.ts";
import { appendMessages } from "./wire.ts";
import type { XdsContext } from "./xds-context.ts";

/** Field number of `filter_chains` in a Listener. */
const FILTER_CHAINS = 3;

/**
 * Makes the listeners `http` and `https`. On `https` each certificate, with each TLS policy, has a filter chain of its
 * own, found by SNI; connections without SNI or with another name get the default certificate and see all hosts.
 *
 * A chain is encoded once: with thousands of them, a change costs the changed chain and the copying of the others.
 * Chains go by name, so equal chains in any order give equal bytes.
 *
 * A host whose TLS is passed on has a chain of its own, without TLS.
 *
 * The listeners depend on nothing but the gateway's own clusters, and those of `dependsOn`, to which TLS is passed on: Envoy asks for tables and secrets only when a listener refers to them, and keeps
 * the listener it has until they are there.
 */
export function createListeners(
  context: XdsContext,
): (
  chains: readonly TlsChain[],
  passthroughs?: readonly PassthroughChain[],
  clusters?: readonly ResourceRef[],
) => readonly Resource[] {
  const { settings } = context;
  const filters = httpFilters(context.features.active, context.settings);
  const dependsOn = [tracingCluster(settings)].flatMap((own) => own ?? []);
  const http = makeResource({
    typeUrl: TYPE_URLS.LISTENER,
    name: "http",
    dependsOn,
    bytes: encode(TYPE_URLS.LISTENER, {
      ...listenerBase("http", settings.http, context),
      filterChains: [{ name: HTTP_TABLE.name, filters: [connectionManager(HTTP_TABLE, settings, filters)] }],
    }),
  });
  const httpsBase = encode(TYPE_URLS.LISTENER, {
    ...listenerBase("https", settings.https, context),
    listenerFilters: [tlsInspector()],
    defaultFilterChain: {
      name: `https/${DEFAULT_CERTIFICATE}`,
      ...tlsChain(HTTPS_TABLE, { certificate: DEFAULT_CERTIFICATE }, context, filters),
    },
  });
  const encodeChain = cachedChains((chain) => encodeTlsChain(chain, context, filters));
  return (chains, passthroughs = [], clusters = []) => [
    http,
    makeResource({
      typeUrl: TYPE_URLS.LISTENER,
      name: "https",
      dependsOn: [...dependsOn, ...clusters],
      bytes: appendMessages(httpsBase, FILTER_CHAINS, [
        ...encodeChain(chains),
        ...(canPassThrough(context) ? passthroughs : []).map((each) => encodePassthroughChain(each, context)),
      ]),
      origins: [...chains, ...passthroughs].flatMap(({ origins }) => origins),
    }),
  ];
}

function listenerBase(name: string, { address, port }: ListenerSettings, { settings }: XdsContext): Listener {
  return {
    name,
    statPrefix: name,
    address: {
      socketAddress: { address, portValue: port, ...(address === "::" && { ipv4Compat: true }) },
    },
    perConnectionBufferLimitBytes: uint32(settings.limits.connectionBuffer),
  };
}

function tlsInspector() {
  return {
    name: "envoy.filters.listener.tls_inspector",
    typedConfig: any("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
  };
}

function tlsChain(
  table: RouteTable,
  chain: Pick<TlsChain, "certificate" | "tls">,
  { settings }: XdsContext,
  filters: readonly HttpFilter[],
): FilterChain {
  return {
    filters: [connectionManager(table, settings, filters)],
    transportSocket: downstreamTls(chain, settings.tls),
  };
}

function encodeTlsChain(chain: TlsChain, context: XdsContext, filters: readonly HttpFilter[]): Uint8Array {
  const table = chainTable(chain.name);
  return encode("envoy.config.listener.v3.FilterChain", {
    name: chain.name === DEFAULT_CERTIFICATE ? `${table.name}/named` : table.name,
    filterChainMatch: { serverNames: [...chain.hosts].sort() },
    ...tlsChain(table, chain, context, filters),
  });
}

/** Encodes the chains that the last call did not have, and forgets those that this one does not have. */
function cachedChains(
  encodeOne: (chain: TlsChain) => Uint8Array,
): (chains: readonly TlsChain[]) => readonly Uint8Array[] {
  let known: ReadonlyMap<string, Uint8Array> = new Map();
  return (chains) => {
    const keyed = chains.map((chain) => [`${chain.name}\u0000${chain.hosts.join()}`, chain] as const);
    keyed.sort(([a], [b]) => (a < b ? -1 : 1));
    known = new Map(keyed.map(([key, chain]) => [key, known.get(key) ?? encodeOne(chain)]));
    return [...known.values()];
  };
}

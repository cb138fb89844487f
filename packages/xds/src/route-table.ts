import { chainOfHost, type VirtualHost } from "@sluice/model";

/** One RouteConfiguration: the hosts that one kind of connection can reach. */
export interface RouteTable {
  /** Also the name of the RouteConfiguration, and of the virtual hosts in it together with the host. */
  readonly name: string;
  readonly https: boolean;
  /** Name of the TLS chain, on the table of one: it answers 421 for all hosts but its own. */
  readonly chain?: string;
  /** True for a host that only a connection meant for others can bring to this table: it answers 421. */
  readonly misdirected?: true;
}

export const HTTP_TABLE: RouteTable = { name: "http", https: false };

/** Of connections without SNI or with a name that has no certificate of its own. */
export const HTTPS_TABLE: RouteTable = { name: "https", https: true };

/** The table behind a TLS chain. */
export function chainTable(chain: string): RouteTable {
  return { name: `https/${chain}`, https: true, chain };
}

/**
 * Says in which RouteConfigurations a host lives; nothing else knows. Every host is in the two shared tables, one
 * with a TLS chain in that of its chain as well, and one under a wildcard host with a chain in that one's. Rules without a
 * host are not a name that SNI could carry. Over https, a host with a TLS policy is served on its own chain alone, and one
 * whose TLS is passed on nowhere: no connection whose TLS ends here was made for it.
 */
export function routeTables(virtualHost: VirtualHost): readonly RouteTable[] {
  const { host, tls, wildcardChain, passthrough } = virtualHost;
  if (host === "*") return [HTTP_TABLE, HTTPS_TABLE];
  const tables = new Map<string, RouteTable>();
  const add = (table: RouteTable, isHome: boolean): void => {
    if (!tables.has(table.name)) tables.set(table.name, isHome ? table : { ...table, misdirected: true });
  };
  const chain = chainOfHost(virtualHost);
  const isEnded = passthrough === undefined;
  add(HTTP_TABLE, true);
  add(HTTPS_TABLE, isEnded && tls === undefined);
  if (chain !== undefined) add(chainTable(chain), isEnded);
  // Envoy would take the wildcard's routes for it. A chain of its own is chosen by SNI, so only a connection opened for
  // another host gets here; without one, SNI itself leads here, and what the chain demands is what the host's clients meet.
  if (wildcardChain !== undefined) add(chainTable(wildcardChain), isEnded && chain === undefined);
  return [...tables.values()];
}

/** The table of this name, which {@link routeTables} made. */
export function tableOfName(name: string): RouteTable {
  if (name === HTTP_TABLE.name) return HTTP_TABLE;
  if (name === HTTPS_TABLE.name) return HTTPS_TABLE;
  return chainTable(name.slice("https/".length));
}

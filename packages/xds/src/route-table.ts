import type { VirtualHost } from "@sluice/model";

/** One RouteConfiguration: the hosts that one kind of connection can reach. */
export interface RouteTable {
  /** Also the name of the RouteConfiguration, and of the virtual hosts in it together with the host. */
  readonly name: string;
  readonly https: boolean;
  /** Set on the table of one certificate's filter chain; it answers 421 for all hosts but its own. */
  readonly certificate?: string;
}

export const HTTP_TABLE: RouteTable = { name: "http", https: false };

/** Of connections without SNI or with a name that has no certificate of its own. */
export const HTTPS_TABLE: RouteTable = { name: "https", https: true };

/** The table behind the filter chain of a certificate. */
export function chainTable(certificate: string): RouteTable {
  return { name: `https/${certificate}`, https: true, certificate };
}

/**
 * Says in which RouteConfigurations a host lives; nothing else knows. Every host is in the two shared tables, and one
 * with a certificate in that of its chain as well. Rules without a host are not a name that SNI could carry.
 */
export function routeTables(virtualHost: VirtualHost): readonly RouteTable[] {
  const shared = [HTTP_TABLE, HTTPS_TABLE];
  if (virtualHost.certificate === undefined || virtualHost.host === "*") return shared;
  return [...shared, chainTable(virtualHost.certificate)];
}

/** The table of this name, which {@link routeTables} made. */
export function tableOfName(name: string): RouteTable {
  if (name === HTTP_TABLE.name) return HTTP_TABLE;
  if (name === HTTPS_TABLE.name) return HTTPS_TABLE;
  return chainTable(name.slice("https/".length));
}

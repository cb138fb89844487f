import type { VirtualHost } from "@sluice/model";

/** One RouteConfiguration: the hosts that one kind of connection can reach. */
export interface RouteTable {
  /** Also the name of the RouteConfiguration, and of the virtual hosts in it together with the host. */
  readonly name: string;
  readonly https: boolean;
  /** Set on the table of one certificate's filter chain; it answers 421 for all hosts but its own. */
  readonly certificate?: string;
  /** True for a host that only a connection meant for others can bring to this table: it answers 421. */
  readonly misdirected?: true;
}

export const HTTP_TABLE: RouteTable = { name: "http", https: false };

/** Of connections without SNI or with a name that has no certificate of its own. */
export const HTTPS_TABLE: RouteTable = { name: "https", https: true };

/** The table behind the filter chain of a certificate. */
export function chainTable(certificate: string): RouteTable {
  return { name: `https/${certificate}`, https: true, certificate };
}

/**
 * Says in which RouteConfigurations a host lives; nothing else knows. Every host is in the two shared tables, one
 * with a certificate in that of its chain as well, and one under a wildcard host with a certificate in that one's, unless its TLS is passed on. Rules without a host are not a name that SNI could carry.
 */
export function routeTables(virtualHost: VirtualHost): readonly RouteTable[] {
  const tables = [HTTP_TABLE, HTTPS_TABLE];
  if (virtualHost.host === "*") return tables;
  const { certificate, wildcardCertificate, passthrough } = virtualHost;
  if (passthrough !== undefined) return passedOnTables(wildcardCertificate);
  if (certificate !== undefined) tables.push(chainTable(certificate));
  // Envoy would take the wildcard's routes for it. The chain of a certificate of its own is chosen by SNI, so only a
  // connection opened for another host gets here; without one, SNI itself leads here, and the certificate fits.
  if (wildcardCertificate !== undefined)
    tables.push(
      certificate === undefined
        ? chainTable(wildcardCertificate)
        : { ...chainTable(wildcardCertificate), misdirected: true },
    );
  return tables;
}

/** Of a host whose TLS is passed on: no connection whose TLS ends here was made for it. */
function passedOnTables(wildcardCertificate: string | undefined): readonly RouteTable[] {
  const ended = [
    HTTPS_TABLE,
    ...(wildcardCertificate === undefined ? [] : [chainTable(wildcardCertificate)]),
  ];
  return [HTTP_TABLE, ...ended.map((table): RouteTable => ({ ...table, misdirected: true }))];
}

/** The table of this name, which {@link routeTables} made. */
export function tableOfName(name: string): RouteTable {
  if (name === HTTP_TABLE.name) return HTTP_TABLE;
  if (name === HTTPS_TABLE.name) return HTTPS_TABLE;
  return chainTable(name.slice("https/".length));
}

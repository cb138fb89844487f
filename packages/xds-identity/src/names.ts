/** The Secret of the controller's namespace that holds the certificate authority of xDS. */
export const AUTHORITY_SECRET = "sluice-xds-ca";

const GATEWAY_PREFIX = "spiffe://sluice/gateway/";

/** The URI by which the certificate of a gateway's Envoys names it. */
export function gatewayUri(name: string): string {
  return `${GATEWAY_PREFIX}${name}`;
}

/** The gateway that a certificate with these URIs stands for; `undefined`: none, or more than one. */
export function gatewayOf(uris: readonly string[]): string | undefined {
  const names = uris
    .filter((uri) => uri.startsWith(GATEWAY_PREFIX))
    .map((uri) => uri.slice(GATEWAY_PREFIX.length));
  const [name, ...others] = names;
  return name === "" || others.length > 0 ? undefined : name;
}

/**
 * Why a node that calls itself one of gateway `cluster` must not have it with a certificate of these URIs; `undefined`: it
 * may. A certificate that names no gateway lets nobody in.
 */
export function refuseGateway(cluster: string, uris: readonly string[]): string | undefined {
  const name = gatewayOf(uris);
  if (name === undefined)
    return `the client certificate names no gateway (expected one URI ${GATEWAY_PREFIX}NAME)`;
  if (name === cluster) return undefined;
  return `the client certificate is of gateway "${name}", but node.cluster is "${cluster}"`;
}

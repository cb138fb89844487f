import { X509Certificate } from "node:crypto";

/** Who is at the other end of a connection with mutual TLS, by its verified certificate. */
export interface Peer {
  /** URIs of its subject alternative name, as `spiffe://…`. */
  readonly uris: readonly string[];
  /** When its certificate expires, milliseconds since the epoch. */
  readonly notAfter: number;
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
}

/** A peer's certificate in DER, as far as it matters here. */
export function readPeer(der: Uint8Array): { readonly peer: Peer; readonly certificate: X509Certificate } {
  const certificate = new X509Certificate(der);
  const peer = {
    uris: urisOf(certificate.subjectAltName ?? ""),
    notAfter: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint256,
  };
  return { peer, certificate };
}

/**
 * Why a connection that was let in once is not to be served at `now` any more: its certificate has expired, or the authority
 * that signed it has left `authorities` (one PEM each). `undefined`: it is.
 */
export function refusePeer(
  { peer, certificate }: ReturnType<typeof readPeer>,
  authorities: readonly string[],
  now: number,
): string | undefined {
  if (peer.notAfter <= now) return "the client certificate has expired";
  const signed = authorities.some((pem) => {
    const authority = new X509Certificate(pem);
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  });
  return signed ? undefined : "the client certificate is of an authority that is trusted no more";
}

/** Node writes a value with a comma or a quote as a JSON string, so that a value cannot pass for two. */
function urisOf(subjectAltName: string): string[] {
  const names = subjectAltName.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names.flatMap((name) => /^\s*URI:([^"]+)$/.exec(name)?.[1] ?? []);
}

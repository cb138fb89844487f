import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Certificate, Secret } from "@sluice/model";
import { isWildcard } from "./host-name.ts";

/** A certificate out of a Secret, or why it cannot be used, in words without any of its bytes. */
export type CertificateResult =
  | { readonly ok: true; readonly certificate: Certificate; readonly leaf: X509Certificate }
  | { readonly ok: false; readonly fault: string };

/**
 * Reads `tls.crt` and `tls.key`. Both are parsed and encoded anew, so that Envoy sees only what was understood here,
 * and the key is checked against the first certificate of the chain.
 */
export function secretCertificate(secret: Secret): CertificateResult {
  const { namespace, name } = secret.metadata;
  const chainPem = secret.data["tls.crt"];
  const keyPem = secret.data["tls.key"];
  if (chainPem === undefined || keyPem === undefined)
    return { ok: false, fault: `it lacks ${chainPem === undefined ? "tls.crt" : "tls.key"}` };
  const chain = parseChain(chainPem);
  if (chain === undefined) return { ok: false, fault: "tls.crt is not a chain of PEM certificates" };
  const key = parseKey(keyPem);
  if (key === undefined) return { ok: false, fault: "tls.key is not a PEM private key without a passphrase" };
  const [leaf] = chain;
  if (!leaf?.checkPrivateKey(key)) return { ok: false, fault: "tls.key does not belong to tls.crt" };
  const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS)
    return { ok: false, fault: `its RSA key has ${bits} bits, fewer than ${MIN_RSA_BITS}` };
  return {
    ok: true,
    leaf,
    certificate: {
      name: `${namespace}/${name}`,
      chain: Buffer.from(chain.map(String).join("")),
      key: Buffer.from(key.export({ type: "pkcs8", format: "pem" })),
      origins: [{ object: { kind: "Secret", namespace, name } }],
    },
  };
}

/** Whether a certificate is valid for a host of an Ingress. */
export function coversHost(leaf: X509Certificate, host: string): boolean {
  // A name in the place of the wildcard label stands for all of them: checkHost takes no patterns.
  const name = isWildcard(host) ? `any-label${host.slice(1)}` : host;
  return leaf.checkHost(name, { partialWildcards: false }) !== undefined;
}

/** Envoy refuses smaller ones. */
const MIN_RSA_BITS = 2048;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text; undefined if there is none, or one that cannot be read. */
export function parseChain(pem: Uint8Array): X509Certificate[] | undefined {
  const blocks = Buffer.from(pem).toString("latin1").match(PEM_CERTIFICATE);
  if (blocks === null) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function parseKey(pem: Uint8Array) {
  try {
    return createPrivateKey(Buffer.from(pem));
  } catch {
    return undefined;
  }
}

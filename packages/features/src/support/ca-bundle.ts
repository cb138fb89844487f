import { X509Certificate } from "node:crypto";

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, encoded anew so that Envoy sees only what was understood; undefined if one is none. */
export function caBundle(pem: Uint8Array): string | undefined {
  const blocks = Buffer.from(pem).toString("latin1").match(PEM_CERTIFICATE);
  if (blocks === null) return undefined;
  try {
    return blocks.map((block) => String(new X509Certificate(block))).join("");
  } catch {
    return undefined;
  }
}

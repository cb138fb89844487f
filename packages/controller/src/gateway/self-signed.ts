// The X.509 library wires its parts by decorators, which need this polyfill loaded before it.
import "reflect-metadata";
import { createPrivateKey } from "node:crypto";
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Certificate, DEFAULT_CERTIFICATE } from "@sluice/model";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const YEAR_MS = 365 * 24 * 3600 * 1000;

/**
 * A certificate for clients without SNI, when the operator gives none. No client trusts it; it lets the handshake
 * come far enough for an answer. Valid for ten years from `now` (milliseconds since the epoch).
 */
export async function selfSignedCertificate(now: number): Promise<Certificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=Sluice default certificate",
    notBefore: new Date(now - 3600 * 1000),
    notAfter: new Date(now + 10 * YEAR_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: "sluice.invalid" }]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return {
    name: DEFAULT_CERTIFICATE,
    chain: Buffer.from(`${certificate.toString("pem")}\n`),
    key: Buffer.from(key.export({ type: "pkcs8", format: "pem" })),
    origins: [],
  };
}

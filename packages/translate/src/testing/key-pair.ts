// The X.509 library wires its parts by decorators, which need this polyfill loaded before it.
import "reflect-metadata";
import { createPrivateKey } from "node:crypto";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

const ALGORITHMS = {
  ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa1024: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 1024,
  },
} as const;

const HOUR_MS = 3600 * 1000;

/** A certificate and its key in PEM. */
export interface KeyPair {
  readonly chain: string;
  readonly key: string;
}

/** A self-signed certificate for these hosts, which ends at `end` (milliseconds since the epoch; default in an hour). */
export async function keyPair(
  hosts: readonly string[],
  options: { readonly end?: number; readonly algorithm?: keyof typeof ALGORITHMS } = {},
): Promise<KeyPair> {
  const { end = Date.now() + HOUR_MS } = options;
  const algorithm = ALGORITHMS[options.algorithm ?? "ecdsa"];
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=test",
    notBefore: new Date(end - 2 * HOUR_MS),
    notAfter: new Date(end),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: "dns", value })))],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return {
    chain: `${certificate.toString("pem")}\n`,
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

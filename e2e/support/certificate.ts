// The X.509 library wires its parts by decorators, which need this polyfill loaded before it.
import "reflect-metadata";
import { createPrivateKey } from "node:crypto";
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const ALGORITHMS = {
  ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
} as const;

const HOUR_MS = 3600 * 1000;

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly chain: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Default ECDSA. */
  readonly algorithm?: keyof typeof ALGORITHMS;
  /** Hours from now at which it ends; negative: it has expired. Default 1. */
  readonly endsInHours?: number;
  /** Default: the first host. */
  readonly commonName?: string;
}

/** A self-signed certificate for these hosts. */
export async function selfSigned(
  hosts: readonly string[],
  options: CertificateOptions = {},
): Promise<KeyPair> {
  const algorithm = ALGORITHMS[options.algorithm ?? "ecdsa"];
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const end = Date.now() + (options.endsInHours ?? 1) * HOUR_MS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${options.commonName ?? hosts[0]}`,
    notBefore: new Date(Math.min(Date.now(), end) - HOUR_MS),
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

/** A self-signed certificate for some names, in PEM, valid for an hour; the first name is its common name too. */
export function testCertificate(...names: string[]): Promise<KeyPair> {
  return selfSigned(names);
}

/** A certificate for these hosts that a CA of its own has issued through some intermediates, all in `chain`. */
export async function issuedCertificate(
  hosts: readonly string[],
  intermediates: number,
): Promise<KeyPair & { readonly ca: string }> {
  const signingAlgorithm = ALGORITHMS.ecdsa;
  const newKeys = () => crypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
  let issuer = { name: "CN=Test root", keys: await newKeys() };
  const extensions = [new BasicConstraintsExtension(true, undefined, true)];
  const root = await X509CertificateGenerator.createSelfSigned({
    ...issuer,
    ...validity,
    signingAlgorithm,
    extensions,
  });
  const issued: string[] = [];
  const issue = async (name: string, more: typeof extensions | SubjectAlternativeNameExtension[]) => {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      ...validity,
      subject: name,
      issuer: issuer.name,
      publicKey: keys.publicKey,
      signingKey: issuer.keys.privateKey,
      signingAlgorithm,
      extensions: more,
    });
    issued.unshift(certificate.toString("pem"));
    issuer = { name, keys };
  };
  for (let n = 1; n <= intermediates; n++) await issue(`CN=Test intermediate ${n}`, extensions);
  await issue(`CN=${hosts[0]}`, [
    new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: "dns", value }))),
  ]);
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", issuer.keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return {
    ca: `${root.toString("pem")}\n`,
    chain: `${issued.join("\n")}\n`,
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

// The X.509 library wires its parts by decorators, which need this polyfill loaded before it.
import "reflect-metadata";
import { createPrivateKey, randomBytes, type webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Lifetimes } from "./lifetimes.ts";
import { gatewayUri } from "./names.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A certificate and its private key (PKCS 8), in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** When, milliseconds since the epoch, and for how long. */
export interface Validity {
  readonly now: number;
  readonly lifetimes: Lifetimes;
}

/**
 * A new certificate authority: self-signed, ECDSA P-256, for signing leaves alone. Each has a name of its own, so that two
 * of them in one bundle cannot be taken for each other.
 */
export async function createAuthority({ now, lifetimes }: Validity): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const serialNumber = serial();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: `CN=Sluice xDS CA ${serialNumber.slice(0, 8)}`,
    notBefore: new Date(now - lifetimes.skewMs),
    notAfter: new Date(now + lifetimes.authorityMs),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pem(certificate, keys.privateKey);
}

/** A certificate for a server of these DNS names. */
export function issueServerCertificate(
  authority: KeyPair,
  dnsNames: readonly string[],
  validity: Validity,
): Promise<KeyPair> {
  const names = dnsNames.map((value) => ({ type: "dns" as const, value }));
  return issue(authority, { commonName: "Sluice xDS", names, usage: ExtendedKeyUsage.serverAuth }, validity);
}

/** A certificate for the Envoys of a gateway, as clients: it names the gateway by {@link gatewayUri}. */
export function issueClientCertificate(
  authority: KeyPair,
  gateway: string,
  validity: Validity,
): Promise<KeyPair> {
  const names = [{ type: "url" as const, value: gatewayUri(gateway) }];
  return issue(
    authority,
    { commonName: "Sluice gateway", names, usage: ExtendedKeyUsage.clientAuth },
    validity,
  );
}

interface Subject {
  readonly commonName: string;
  readonly names: ConstructorParameters<typeof SubjectAlternativeNameExtension>[0];
  readonly usage: ExtendedKeyUsage;
}

/** Ends with its authority at the latest. */
async function issue(authority: KeyPair, subject: Subject, { now, lifetimes }: Validity): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const pkcs8 = createPrivateKey(authority.key).export({ format: "der", type: "pkcs8" });
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${subject.commonName}`,
    issuer: issuer.subjectName,
    notBefore: new Date(now - lifetimes.skewMs),
    notAfter: new Date(Math.min(now + lifetimes.leafMs, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, false, ["sign"]),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([subject.usage]),
      new SubjectAlternativeNameExtension(subject.names),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pem(certificate, keys.privateKey);
}

async function pem(certificate: X509Certificate, privateKey: webcrypto.CryptoKey): Promise<KeyPair> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", privateKey));
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** 126 random bits. RFC 5280 4.1.2.2 wants a positive number; the second highest bit keeps its first byte from being zero. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

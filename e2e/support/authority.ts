// The X.509 library wires its parts by decorators, which need this polyfill loaded before it.
import "reflect-metadata";
import { createPrivateKey } from "node:crypto";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from "@peculiar/x509";
import type { KeyPair } from "./certificate.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR_MS = 3600 * 1000;

export interface TestAuthority {
  /** Its own certificate, PEM. */
  readonly ca: string;
  /** A certificate that it issues, with the chain up to it but without itself. */
  issue(subject: string, options?: IssueOptions): Promise<KeyPair & { readonly serialNumber: string }>;
  /** A revocation list of certificates by serial number, PEM. */
  revoke(...serialNumbers: readonly string[]): Promise<string>;
  /** A list that says nothing of the reason in a place for it, which Envoy's TLS library refuses. */
  revokeOddly(): Promise<string>;
}

export interface IssueOptions {
  /** How many authorities stand between; default none. */
  readonly intermediates?: number;
  /** Hours from now at which it ends; negative: it has expired. Default 1. */
  readonly endsInHours?: number;
}

/** An authority for clients' certificates. */
export async function testAuthority(name: string): Promise<TestAuthority> {
  const newKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const isAuthority = [new BasicConstraintsExtension(true, undefined, true)];
  const root = { name: `CN=${name}`, keys: await newKeys() };
  const validity = (hours: number) => ({
    notBefore: new Date(Date.now() - 2 * HOUR_MS),
    notAfter: new Date(Date.now() + hours * HOUR_MS),
  });
  const own = await X509CertificateGenerator.createSelfSigned({
    ...root,
    ...validity(1),
    signingAlgorithm: ALGORITHM,
    extensions: isAuthority,
  });
  const listOf = async (serialNumbers: readonly string[], reason: X509CrlReason | undefined) => {
    const revocationDate = new Date(Date.now() - HOUR_MS);
    const list = await X509CrlGenerator.create({
      issuer: root.name,
      thisUpdate: revocationDate,
      nextUpdate: new Date(Date.now() + HOUR_MS),
      entries: serialNumbers.map((serialNumber) => ({
        serialNumber,
        revocationDate,
        ...(reason === undefined ? {} : { reason }),
      })),
      signingAlgorithm: ALGORITHM,
      signingKey: root.keys.privateKey,
    });
    return `${PemConverter.encode(list.rawData, "X509 CRL")}\n`;
  };
  return {
    ca: `${own.toString("pem")}\n`,
    async issue(subject, { intermediates = 0, endsInHours = 1 } = {}) {
      let issuer = root;
      const chain: string[] = [];
      const next = async (subjectName: string, extensions: typeof isAuthority | undefined, hours: number) => {
        const keys = await newKeys();
        const made = await X509CertificateGenerator.create({
          ...validity(hours),
          subject: subjectName,
          issuer: issuer.name,
          publicKey: keys.publicKey,
          signingKey: issuer.keys.privateKey,
          signingAlgorithm: ALGORITHM,
          extensions: extensions ?? [
            new SubjectAlternativeNameExtension([{ type: "dns", value: "san.test" }]),
          ],
        });
        chain.unshift(made.toString("pem"));
        issuer = { name: subjectName, keys };
        return made;
      };
      for (let n = 1; n <= intermediates; n++) await next(`CN=${name} intermediate ${n}`, isAuthority, 1);
      const leaf = await next(subject, undefined, endsInHours);
      const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", issuer.keys.privateKey));
      const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
      return {
        chain: `${chain.join("\n")}\n`,
        key: key.export({ type: "pkcs8", format: "pem" }).toString(),
        serialNumber: leaf.serialNumber,
      };
    },
    revoke: (...serialNumbers) => listOf(serialNumbers, X509CrlReason.keyCompromise),
    revokeOddly: () => listOf(["01"], undefined),
  };
}

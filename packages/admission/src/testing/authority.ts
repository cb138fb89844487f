// The X.509 library wires its parts by decorators, which need this polyfill loaded before it.
import "reflect-metadata";
import { createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A CA for tests. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** A certificate, valid for an hour, that serves as a server's and as a client's; PEM. `name` is a DNS name or an IP address. */
  issue(name: string): Promise<{ readonly chain: string; readonly key: string }>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR_MS = 3600 * 1000;

export async function makeAuthority(name: string): Promise<Authority> {
  const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const own = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    certificate: own.toString("pem"),
    async issue(subject) {
      const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
      const issued = await X509CertificateGenerator.create({
        subject: `CN=${subject}`,
        issuer: own.subject,
        ...validity,
        signingAlgorithm: ALGORITHM,
        publicKey: pair.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new SubjectAlternativeNameExtension([{ type: isIP(subject) === 0 ? "dns" : "ip", value: subject }]),
        ],
      });
      const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
      const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
      return { chain: issued.toString("pem"), key: key.export({ type: "pkcs8", format: "pem" }).toString() };
    },
  };
}

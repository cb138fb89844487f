// The X.509 library wires its parts by decorators, which need this polyfill loaded before it.
import "reflect-metadata";
import { PemConverter, X509Crl } from "@peculiar/x509";
import { type Authority, authorityName, type Secret } from "@sluice/model";
import { parseChain } from "./certificate.ts";

/** An authority out of a Secret, or why it cannot be used, in words without any of its bytes. */
export type AuthorityResult =
  | { readonly ok: true; readonly authority: Authority }
  | { readonly ok: false; readonly fault: string };

/** Reads `ca.crt`, and `ca.crl` if it is there. Both are parsed and encoded anew, so that Envoy sees only what was understood. */
export function secretAuthority(secret: Secret): AuthorityResult {
  const { namespace, name } = secret.metadata;
  const pem = secret.data["ca.crt"];
  if (pem === undefined) return { ok: false, fault: "it lacks ca.crt" };
  const certificates = parseChain(pem);
  if (certificates === undefined) return { ok: false, fault: "ca.crt does not hold PEM certificates" };
  if (!certificates.some(({ ca }) => ca))
    return { ok: false, fault: "ca.crt does not hold the certificate of an authority" };
  const lists = secret.data["ca.crl"];
  const revoked = lists === undefined ? undefined : revocationLists(lists);
  if (lists !== undefined && revoked === undefined)
    return { ok: false, fault: "ca.crl does not hold PEM revocation lists" };
  return {
    ok: true,
    authority: {
      name: authorityName(namespace, name),
      certificates: Buffer.from([...new Set(certificates.map(String))].join("")),
      ...(revoked !== undefined && { revoked }),
      origins: [{ object: { kind: "Secret", namespace, name } }],
    },
  };
}

const LIST_TAG = "X509 CRL";
const PEM_LIST = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

function revocationLists(pem: Uint8Array): Uint8Array | undefined {
  const blocks = Buffer.from(pem).toString("latin1").match(PEM_LIST);
  if (blocks === null) return undefined;
  try {
    const lists = blocks.map((block) => new X509Crl(block).rawData);
    return Buffer.from(`${lists.map((der) => PemConverter.encode(der, LIST_TAG)).join("\n")}\n`);
  } catch {
    return undefined;
  }
}

import { createPrivateKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import type { Authority } from "./authority.ts";
import { certificatesOf, readCertificate } from "./bundle.ts";
import type { KeyPair } from "./issue.ts";
import { AUTHORITY_SECRET } from "./names.ts";

/** A type of its own, so that nobody's Ingress can use the Secret as a server certificate. */
const TYPE = "sluice.dev/xds-ca";

const base64 = z.string().transform((text) => Buffer.from(text, "base64").toString("utf8"));

const Typed = z.object({ type: z.string() });

const Secret = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1) }),
  data: z.object({
    "tls.crt": base64,
    "tls.key": base64,
    "ca.crt": base64,
    "next.crt": base64.optional(),
    "next.key": base64.optional(),
    "changed-at": base64,
  }),
});

/** An authority as it is stored. */
export interface StoredAuthority {
  readonly authority: Authority;
  readonly resourceVersion: string;
}

/** Reads the Secret; a string says what is wrong with it, without quoting any of it. */
export function readSecret(object: unknown): StoredAuthority | string {
  const type = Typed.safeParse(object).data?.type;
  if (type !== TYPE) return `its type is ${type === undefined ? "not known" : `"${type}"`}, not "${TYPE}"`;
  const result = Secret.safeParse(object);
  if (!result.success) return `it lacks ${result.error.issues.map(({ path }) => path.join(" ")).join(", ")}`;
  const { data, metadata } = result.data;
  const signer = { certificate: data["tls.crt"], key: data["tls.key"] };
  const [crt, key] = [data["next.crt"], data["next.key"]];
  const next = crt === undefined || key === undefined ? undefined : { certificate: crt, key };
  const changedAt = Date.parse(data["changed-at"]);
  if (!isPair(signer)) return "tls.crt and tls.key are no certificate authority and its key (ECDSA P-256)";
  if (next !== undefined && !isPair(next))
    return "next.crt and next.key are no certificate authority and its key (ECDSA P-256)";
  if (Number.isNaN(changedAt)) return "changed-at is no time";
  const bundle = certificatesOf(data["ca.crt"]);
  if (![signer, next].every((pair) => pair === undefined || bundle.includes(pair.certificate)))
    return "ca.crt lacks a certificate that signs";
  return {
    authority: { signer, bundle: bundle.join(""), ...(next === undefined ? {} : { next }), changedAt },
    resourceVersion: metadata.resourceVersion,
  };
}

/** The Secret of an authority; with a version it replaces that one alone. */
export function writeSecret(
  { signer, bundle, next, changedAt }: Authority,
  resourceVersion?: string,
): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: TYPE,
    metadata: {
      name: AUTHORITY_SECRET,
      labels: { "app.kubernetes.io/managed-by": "sluice" },
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    stringData: {
      "tls.crt": signer.certificate,
      "tls.key": signer.key,
      "ca.crt": bundle,
      ...(next === undefined ? {} : { "next.crt": next.certificate, "next.key": next.key }),
      "changed-at": new Date(changedAt).toISOString(),
    },
  };
}

function isPair({ certificate, key }: KeyPair): boolean {
  const read = readCertificate(certificate);
  try {
    const privateKey = createPrivateKey(key);
    return read?.ca === true && isOurs(privateKey) && read.checkPrivateKey(privateKey);
  } catch {
    return false;
  }
}

/** Others cannot be signed with. */
function isOurs({ asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyDetails?.namedCurve === "prime256v1";
}

import { createHash, X509Certificate } from "node:crypto";
import type { Certificate } from "@sluice/model";
import type { CertificateChange } from "./change.ts";
import { changedEntries } from "./map-diff.ts";

/** Certificates by the fingerprints of their leaves. Of keys it is said only that they differ. */
export function diffCertificates(
  before: ReadonlyMap<string, Certificate>,
  after: ReadonlyMap<string, Certificate>,
): CertificateChange[] {
  return changedEntries(before, after).flatMap(
    ({ name: certificate, old, new: young }): CertificateChange[] => {
      const [was, is] = [old && leafOf(old.chain), young && leafOf(young.chain)];
      const prints = {
        ...(was === undefined ? {} : { before: was.fingerprint }),
        ...(is === undefined ? {} : { after: is.fingerprint }),
      };
      const until = is?.validTo === undefined ? {} : { detail: `valid until ${is.validTo}` };
      if (young === undefined) return [{ kind: "certificate-removed", certificate, ...prints }];
      if (old === undefined) return [{ kind: "certificate-added", certificate, ...prints, ...until }];
      if (was?.fingerprint !== is?.fingerprint)
        return [{ kind: "certificate-changed", certificate, ...prints, ...until }];
      const parts = [
        ...(same(old.chain, young.chain) ? [] : ["chain"]),
        ...(same(old.key, young.key) ? [] : ["key"]),
      ];
      const detail = `same leaf, another ${parts.join(" and another ")}`;
      return parts.length === 0 ? [] : [{ kind: "certificate-changed", certificate, ...prints, detail }];
    },
  );
}

function leafOf(chain: Uint8Array): { readonly fingerprint: string; readonly validTo?: string } {
  try {
    const leaf = new X509Certificate(chain);
    return { fingerprint: leaf.fingerprint256, validTo: leaf.validTo };
  } catch {
    // Models hold certificates that were checked; a comparison need not depend on it.
    return { fingerprint: createHash("sha256").update(chain).digest("hex") };
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

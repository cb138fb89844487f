import { bad, ok, type ValueType } from "@sluice/feature-api";
import { MSE_CIPHERS, TLS_VERSIONS, type TlsVersion } from "@sluice/model";

/** The lowest and the highest of the versions that a list names, and what in it cannot be used. */
export interface TlsVersions {
  readonly min: TlsVersion;
  readonly max: TlsVersion;
  /** Versions between the two that the list leaves out; Envoy takes a range. */
  readonly between: readonly TlsVersion[];
  readonly unusable: readonly string[];
}

/** Versions as NGINX writes them, separated by blanks. SSL 2 and 3 are known and cannot be used. */
export const tlsVersionsType: ValueType<TlsVersions> = {
  expected: "TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3, several separated by blanks",
  schema: { type: "string" },
  parse: (text) => {
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    const named = words.map((word) => (word === "TLSv1" ? "TLSv1.0" : word));
    const places = TLS_VERSIONS.map((version) => named.includes(version));
    const [first, last] = [places.indexOf(true), places.lastIndexOf(true)];
    const [min, max] = [TLS_VERSIONS[first], TLS_VERSIONS[last]];
    if (min === undefined || max === undefined) return bad(tlsVersionsType.expected);
    return ok({
      min,
      max,
      between: TLS_VERSIONS.filter((_, place) => place > first && place < last && !places[place]),
      unusable: words.filter((_, place) => !TLS_VERSIONS.some((version) => version === named[place])),
    });
  },
};

/** Cipher suites up to TLS 1.2 that Envoy's TLS library has, by their OpenSSL names. */
const CIPHERS = new Set([...MSE_CIPHERS, "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"]);

/** The known ones of a list of cipher suites separated by colons, commas or blanks, and the others, once each. */
export function tlsCiphers(text: string): {
  readonly known: readonly string[];
  readonly unknown: readonly string[];
} {
  const names = [...new Set(text.split(/[\s:,]+/).filter((name) => name !== ""))];
  return {
    known: names.filter((name) => CIPHERS.has(name)),
    unknown: names.filter((name) => !CIPHERS.has(name)),
  };
}

/** For how long certificates are valid, in milliseconds. Certificates have a resolution of seconds. */
export interface Lifetimes {
  readonly authorityMs: number;
  /** Of the certificates of servers and gateways. */
  readonly leafMs: number;
  /** How far clocks may be apart: certificates begin so much earlier, and each step of a rotation waits so much longer. */
  readonly skewMs: number;
}

const HOUR_MS = 3_600_000;

export const DEFAULT_LIFETIMES: Lifetimes = {
  authorityMs: 10 * 365 * 24 * HOUR_MS,
  leafMs: 24 * HOUR_MS,
  skewMs: 5 * 60_000,
};

/** What part of a lifetime passes before a certificate is renewed. */
const RENEWAL_SHARE = 2 / 3;

/** When a certificate of this validity is to be replaced, milliseconds since the epoch: at two thirds of its lifetime. */
export function renewalTime(
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
  skewMs: number,
): number {
  const issued = notBefore.getTime() + skewMs;
  return issued + (notAfter.getTime() - issued) * RENEWAL_SHARE;
}

/**
 * Throws for lifetimes with which an authority would end before its successor has taken over: the last third of its
 * life holds two lifetimes of a leaf, one until all trust the successor, one until nothing that it has signed is valid.
 */
export function checkLifetimes({ authorityMs, leafMs, skewMs }: Lifetimes): void {
  if (leafMs < 1000 || skewMs < 0) throw new RangeError("a certificate must be valid for a second at least");
  if (authorityMs * (1 - RENEWAL_SHARE) < 2 * (leafMs + skewMs))
    throw new RangeError(
      "a certificate authority must live six times as long as what it signs, and the skew of clocks",
    );
}

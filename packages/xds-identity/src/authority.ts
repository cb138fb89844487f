import { certificatesOf, readCertificate } from "./bundle.ts";
import { createAuthority, type KeyPair, type Validity } from "./issue.ts";
import { type Lifetimes, renewalTime } from "./lifetimes.ts";

/**
 * The certificate authority as all replicas share it. A rotation has three steps: the successor is announced, so that both
 * sides trust it; it signs; and its predecessor is trusted no more.
 */
export interface Authority {
  /** What signs. */
  readonly signer: KeyPair;
  /** What is trusted, in PEM, the oldest first. Holds the signer and its successor. */
  readonly bundle: string;
  /** The announced successor. */
  readonly next?: KeyPair;
  /** When the latest step was made, milliseconds since the epoch. */
  readonly changedAt: number;
}

/** A first authority, or one that replaces what nobody can use any more. */
export async function firstAuthority(validity: Validity): Promise<Authority> {
  const signer = await createAuthority(validity);
  return { signer, bundle: signer.certificate, changedAt: validity.now };
}

type Step = "replace" | "announce" | "switch" | "retire";

/**
 * The next step and when it is due, milliseconds since the epoch. A step waits for a whole lifetime of a leaf: by then every
 * valid certificate was issued after the step before, and whoever got it got the bundle of that time with it.
 */
export function nextStep(
  authority: Authority,
  lifetimes: Lifetimes,
): { readonly step: Step; readonly at: number } {
  const { signer, next, bundle, changedAt } = authority;
  const certificate = readCertificate(signer.certificate);
  if (certificate === undefined) return { step: "replace", at: 0 };
  const { validFromDate: notBefore, validToDate: notAfter } = certificate;
  const settled = changedAt + lifetimes.leafMs + lifetimes.skewMs;
  const due = (step: Step, at: number) => ({ step, at });
  if (next !== undefined) return due("switch", Math.min(settled, notAfter.getTime()));
  if (certificatesOf(bundle).length > 1) return due("retire", settled);
  return due("announce", renewalTime({ notBefore, notAfter }, lifetimes.skewMs));
}

/** The authority after the step that is due at `now`; `undefined`: none is. */
export async function advance(authority: Authority, validity: Validity): Promise<Authority | undefined> {
  const { now, lifetimes } = validity;
  if (hasEnded(authority, now)) return firstAuthority(validity);
  const { step, at } = nextStep(authority, lifetimes);
  if (now < at) return undefined;
  const { signer, next, bundle } = authority;
  switch (step) {
    case "replace":
      return firstAuthority(validity);
    case "announce": {
      const successor = await createAuthority(validity);
      return { signer, bundle: bundle + successor.certificate, next: successor, changedAt: now };
    }
    case "switch":
      return { signer: next ?? signer, bundle, changedAt: now };
    case "retire":
      return { signer, bundle: signer.certificate, changedAt: now };
  }
}

/** Whether neither the signer nor a successor can be used any more. */
function hasEnded({ signer, next }: Authority, now: number): boolean {
  return [signer, next].every((pair) => {
    const certificate = pair === undefined ? undefined : readCertificate(pair.certificate);
    return certificate === undefined || certificate.validToDate.getTime() <= now;
  });
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Authority, advance, firstAuthority, nextStep } from "./authority.ts";
import { certificatesOf, isSignedBy, readCertificate } from "./bundle.ts";
import { issueClientCertificate } from "./issue.ts";
import { checkLifetimes, DEFAULT_LIFETIMES, type Lifetimes } from "./lifetimes.ts";

const START = Date.UTC(2030, 0, 1);

/** A certificate, and the bundle that its holder got with it. */
interface Holder {
  readonly pem: string;
  readonly bundle: string;
}

async function holder({ signer, bundle }: Authority, now: number, lifetimes: Lifetimes): Promise<Holder> {
  const { certificate } = await issueClientCertificate(signer, "g", { now, lifetimes });
  return { pem: certificate, bundle };
}

const isValid = ({ pem }: Holder, now: number) => {
  const certificate = readCertificate(pem);
  return certificate !== undefined && certificate.validToDate.getTime() > now;
};

const trusts = (bundle: string, { pem }: Holder) => {
  const certificate = readCertificate(pem);
  return certificate !== undefined && isSignedBy(certificate, bundle);
};

test("through rotations, whenever they are looked at, all who hold a valid certificate trust each other", async () => {
  const seconds = (min: number, max: number) => fc.integer({ min, max }).map((n) => n * 1000);
  await fc.assert(
    fc.asyncProperty(
      seconds(10, 100),
      seconds(0, 5),
      fc.integer({ min: 6, max: 9 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 15, maxLength: 15 }),
      async (leafMs, skewMs, times, pauses) => {
        const lifetimes = { leafMs, skewMs, authorityMs: times * (leafMs + skewMs) };
        let now = START;
        let authority = await firstAuthority({ now, lifetimes });
        let holders: Holder[] = [];
        for (const pause of pauses) {
          holders.push(await holder(authority, now, lifetimes));
          now += (pause / 100) * leafMs;
          authority = (await advance(authority, { now, lifetimes })) ?? authority;
          holders = holders.filter((one) => isValid(one, now));
          for (const one of holders) {
            // What the control plane trusts, and what the holder trusts of the control plane.
            expect(trusts(authority.bundle, one)).toBe(true);
            expect(trusts(one.bundle, await holder(authority, now, lifetimes))).toBe(true);
          }
        }
      },
    ),
    { numRuns: 8 },
  );
});

test("a rotation announces, switches and retires, each a lifetime of a leaf after the other", async () => {
  const lifetimes = { leafMs: 10_000, skewMs: 1_000, authorityMs: 90_000 };
  const first = await firstAuthority({ now: START, lifetimes });
  const steps: [string, number][] = [];
  let authority = first;
  for (let n = 0; n < 3; n++) {
    const { step, at } = nextStep(authority, lifetimes);
    steps.push([step, at - START]);
    expect(await advance(authority, { now: at - 1, lifetimes })).toBeUndefined();
    authority = (await advance(authority, { now: at, lifetimes })) ?? first;
  }
  expect(steps).toEqual([
    ["announce", 60_000],
    ["switch", 71_000],
    ["retire", 82_000],
  ]);
  expect(certificatesOf(authority.bundle)).toEqual([authority.signer.certificate]);
  expect(authority.signer).not.toEqual(first.signer);
});

test("an authority that ended while nobody looked is replaced", async () => {
  const old = await firstAuthority({ now: START, lifetimes: DEFAULT_LIFETIMES });
  const now = START + DEFAULT_LIFETIMES.authorityMs;
  const young = await advance(old, { now, lifetimes: DEFAULT_LIFETIMES });
  expect(young?.bundle).not.toContain(old.signer.certificate);
});

test("lifetimes that leave no time for a rotation are refused", () => {
  expect(() => checkLifetimes(DEFAULT_LIFETIMES)).not.toThrow();
  expect(() => checkLifetimes({ authorityMs: 59_000, leafMs: 10_000, skewMs: 0 })).toThrow(RangeError);
  expect(() => checkLifetimes({ authorityMs: 60_000, leafMs: 500, skewMs: 0 })).toThrow(RangeError);
});

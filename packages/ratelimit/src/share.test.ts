import fc from "fast-check";
import { expect, test } from "vitest";
import { shareInFlight, shareOfRate } from "./share.ts";

test.each([
  [100, 1, 100, 1_000],
  [100, 4, 25, 1_000],
  [5, 3, 2, 1_200],
  [1, 3, 1, 3_000],
  [10, 0, 10, 1_000],
])("%i per second over %i instances are %i per %i ms", (limit, instances, share, windowMs) => {
  const shared = shareOfRate({ key: "k", limit, windowMs: 1_000 }, instances);
  expect(shared.limit).toBe(share);
  expect(shared.windowMs).toBeCloseTo(windowMs);
});

test("property: the rates of the shares add up to the limit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 50 }), (limit, instances) => {
      const share = shareOfRate({ key: "k", limit, windowMs: 1_000 }, instances);
      expect(Number.isInteger(share.limit)).toBe(true);
      expect((share.limit / share.windowMs) * 1_000 * instances).toBeCloseTo(limit, 3);
    }),
  );
});

test.each([
  [10, 1, 10],
  [10, 3, 4],
  [1, 3, 1],
  [7, 0, 7],
])("%i in flight over %i instances are %i", (limit, instances, share) => {
  expect(shareInFlight(limit, instances)).toBe(share);
});

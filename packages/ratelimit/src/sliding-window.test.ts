import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SLOTS, type Slots, takeFromWindow } from "./sliding-window.ts";

const LIMIT = { limit: 10, windowMs: 1_000 };

describe("a sliding window", () => {
  test("passes the limit at once, then nothing, then all again when the window is over", () => {
    const slots: Slots = new Map();
    const at = (now: number, times: number) =>
      Array.from({ length: times }, () => takeFromWindow(slots, LIMIT, 1, now)).filter((o) => o.allowed)
        .length;
    expect(at(50_000, 12)).toBe(10);
    expect(at(50_999, 5)).toBe(0);
    expect(at(51_100, 12)).toBe(10);
  });

  test("says what is left, and when the oldest request counts no more", () => {
    const slots: Slots = new Map();
    expect(takeFromWindow(slots, LIMIT, 4, 50_020)).toEqual({ allowed: true, remaining: 6, resetMs: 1_080 });
    expect(takeFromWindow(slots, LIMIT, 7, 50_220)).toEqual({ allowed: false, remaining: 6, resetMs: 880 });
    expect(takeFromWindow(slots, LIMIT, 6, 50_220)).toEqual({ allowed: true, remaining: 0, resetMs: 880 });
  });

  test("counts what is in the slot at the edge by the part that is in the window", () => {
    const slots: Slots = new Map();
    takeFromWindow(slots, LIMIT, 10, 50_000);
    expect(takeFromWindow(slots, LIMIT, 5, 51_040).allowed).toBe(false);
    expect(takeFromWindow(slots, LIMIT, 5, 51_050).allowed).toBe(true);
  });

  test("keeps no more slots than a window touches", () => {
    const slots: Slots = new Map();
    for (let now = 0; now < 60_000; now += 37)
      takeFromWindow(slots, { limit: 1_000, windowMs: 1_000 }, 1, now);
    expect(slots.size).toBeLessThanOrEqual(SLOTS + 1);
  });

  test("stays closed when the clock is put back", () => {
    const slots: Slots = new Map();
    takeFromWindow(slots, LIMIT, 10, 50_000);
    expect(takeFromWindow(slots, LIMIT, 1, 40_000).allowed).toBe(false);
  });

  test.each([1, 3, 7, 100, 1_000])(
    "under overload the sum over 10 s is the limit, at %i a second",
    (limit) => {
      const slots: Slots = new Map();
      let passed = 0;
      for (let now = 123_456; now < 133_456; now += 1000 / (limit * 3))
        if (takeFromWindow(slots, { limit, windowMs: 1_000 }, 1, now).allowed) passed += 1;
      expect(passed).toBeGreaterThanOrEqual(limit * 10 * 0.95);
      expect(passed).toBeLessThanOrEqual(limit * 10 * 1.05 + 1);
    },
  );
});

/** Any requests: gaps and sizes. */
const requests = fc.array(
  fc.record({ gap: fc.integer({ min: 0, max: 400 }), hits: fc.integer({ min: 1, max: 4 }) }),
  {
    maxLength: 200,
  },
);

test("property: never more than the limit pass within nine tenths of a window, nor more over any time than rate and one burst allow", () => {
  fc.assert(
    fc.property(requests, fc.integer({ min: 1, max: 20 }), (list, limit) => {
      const slots: Slots = new Map();
      const passed: { at: number; hits: number }[] = [];
      let now = 1_000_000;
      for (const { gap, hits } of list) {
        now += gap;
        if (takeFromWindow(slots, { limit, windowMs: 1_000 }, hits, now).allowed)
          passed.push({ at: now, hits });
      }
      for (const [index, first] of passed.entries()) {
        let sum = 0;
        for (const { at, hits } of passed.slice(index)) {
          sum += hits;
          if (at - first.at < 900) expect(sum).toBeLessThanOrEqual(limit);
          expect(sum).toBeLessThanOrEqual(limit * Math.ceil((at - first.at + 1) / 900));
        }
      }
    }),
  );
});

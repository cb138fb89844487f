import { expect, test } from "vitest";
import { createLogThrottle } from "./log-throttle.ts";

test("the first of a key passes, and after a minute the next with how many there were", () => {
  let now = 0;
  const throttle = createLogThrottle(() => now);
  expect([throttle.pass("a"), throttle.pass("a"), throttle.pass("a"), throttle.pass("b")]).toEqual([
    0,
    undefined,
    undefined,
    0,
  ]);
  now = 60_000;
  expect([throttle.pass("a"), throttle.pass("a"), throttle.pass("b")]).toEqual([2, undefined, 0]);
});

test("whoever makes up ever new keys is logged a thousand times a minute at most", () => {
  let now = 0;
  const throttle = createLogThrottle(() => now);
  const passed = (prefix: string) =>
    Array.from({ length: 5_000 }, (_, n) => throttle.pass(`${prefix}${n}`)).filter((n) => n !== undefined);
  // One more for all that found no place.
  expect(passed("a")).toHaveLength(1_001);
  expect(passed("b")).toHaveLength(0);
  now = 60_000;
  expect(passed("c")).toHaveLength(1_001);
  // Each came more than once.
  expect(passed("c")).toHaveLength(0);
  now = 120_000;
  expect(passed("d")).toHaveLength(1_001);
});

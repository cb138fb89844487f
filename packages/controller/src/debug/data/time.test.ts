import { expect, test } from "vitest";
import { ago, isoTime } from "./time.ts";

test.each([
  [0, "0 s ago"],
  [119, "119 s ago"],
  [120, "2 min ago"],
  [7200, "2 h ago"],
  [172_800, "2 days ago"],
  [-5, "0 s ago"],
])("%i s", (seconds, words) => {
  const now = Date.UTC(2026, 5, 1);
  expect(ago(isoTime(now - seconds * 1000), now)).toBe(words);
});

test("what is no time has no words", () => {
  expect(isoTime(undefined)).toBeUndefined();
  expect(isoTime(Number.NaN)).toBeUndefined();
  expect(isoTime(1e18)).toBeUndefined();
  expect(ago(undefined)).toBe("");
});

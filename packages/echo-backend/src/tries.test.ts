import { expect, test } from "vitest";
import { countTries } from "./tries.ts";

test("each request has its own count", () => {
  const next = countTries();
  expect([next("a"), next("b"), next("a"), next("a")]).toEqual([1, 1, 2, 3]);
});

test("the oldest are forgotten", () => {
  const next = countTries();
  next("old");
  for (let at = 0; at < 10_000; at++) next(`new ${at}`);
  expect(next("new 9999")).toBe(2);
  expect(next("old")).toBe(1);
});

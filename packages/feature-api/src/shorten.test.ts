import { expect, test } from "vitest";
import { shorten, shownValue } from "./shorten.ts";

test("a sentence quotes eighty characters", () => {
  expect(shorten('a"b')).toBe('"a\\"b"');
  expect(shorten("x".repeat(81))).toBe(`"${"x".repeat(80)}…"`);
});

test("a diagnostic shows values whole, but for what nobody reads", () => {
  expect(shownValue("x".repeat(4096))).toBe("x".repeat(4096));
  expect(shownValue("x".repeat(4097))).toBe(`${"x".repeat(4096)}…`);
});

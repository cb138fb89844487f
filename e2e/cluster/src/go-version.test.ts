import { expect, test } from "vitest";
import { goAtLeast } from "./go-version.ts";

test.each([
  ["go1.26.0", "1.26.0", true],
  ["go1.26", "1.26.0", true],
  ["go1.26.8", "1.26.0", true],
  ["go1.27rc1", "1.26.0", true],
  ["go1.26.8 X:nodwarf5", "1.26.0", true],
  ["go2.0", "1.26.0", true],
  ["go1.25.9", "1.26.0", false],
  ["go1.9", "1.26.0", false],
  ["go1.26.0", "1.26.1", false],
  ["devel +abc", "1.26.0", false],
  ["", "1.26.0", false],
])("%s is at least %s: %s", (version, needed, expected) => {
  expect(goAtLeast(version, needed)).toBe(expected);
});

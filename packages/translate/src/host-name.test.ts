import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { deepHostRegex, normalizeHost } from "./host-name.ts";

describe("hosts of rules", () => {
  test.each([
    ["", "*"],
    ["*", "*"],
    [" A.Test. ", "a.test"],
    ["*.A.test", "*.a.test"],
    ["localhost", "localhost"],
    ["_dmarc.a_b.test", "_dmarc.a_b.test"],
    ["xn--bcher-kva.test", "xn--bcher-kva.test"],
    ["10.0.0.1", "10.0.0.1"],
    [`${"a".repeat(63)}.test`, `${"a".repeat(63)}.test`],
  ])("%j is %j", (host, expected) => expect(normalizeHost(host)).toBe(expected));

  test.each([
    "a.test:80",
    "a..test",
    ".test",
    "*.",
    ".",
    "*a.test",
    "a.*.test",
    "*.*.test",
    "a b.test",
    "bücher.test",
    "-a.test",
    "a-.test",
    "a/b",
    "a\u0000b",
    "[::1]",
    `${"a".repeat(64)}.test`,
    `${"a.".repeat(127)}test`,
  ])("%j is none", (host) => expect(normalizeHost(host)).toBeUndefined());
});

describe("hosts deeper than a wildcard", () => {
  const matches = (authority: string) => RE2JS.compile(deepHostRegex("*.a.test")).matches(authority);

  test.each(["x.y.a.test", "x.y.z.a.test", "X.Y.A.Test", "x.y.a.test:8080", "x.y.a.test."])(
    "%s is one",
    (host) => expect(matches(host)).toBe(true),
  );

  test.each(["y.a.test", "y.a.test:80", "a.test", "x.y.aXtest", "x.y.a.test.evil", "x.ya.test"])(
    "%s is not",
    (host) => expect(matches(host)).toBe(false),
  );
});

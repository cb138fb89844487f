import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { checkRegex, hasEscapes, MAX_REGEX_PROGRAM, quotePath, quoteRegex, regexType } from "./regex.ts";

describe("patterns that Envoy takes", () => {
  test.each([
    ["/foo", 0],
    ["/foo(/|$)(.*)", 2],
    ["(?P<a>x)(?<b>y)(?:z)", 2],
    ["\\Qa.b\\E", 0],
    ["[[:alpha:]]\\pN\\p{Greek}\\P{^Lu}", 0],
    ["\\x{ff}\\377", 0],
    ["\\\\x{100}", 0],
    [`/a{${MAX_REGEX_PROGRAM - 10}}`, 0],
  ])("%s has %d groups", (pattern, groups) => {
    expect(checkRegex(pattern)).toEqual({ groups });
    expect(regexType.parse(pattern)).toEqual({ ok: true, value: pattern });
  });
});

describe("patterns that Envoy refuses", () => {
  test.each([
    ["lookahead", "(?=a)"],
    ["lookbehind", "(?<=a)b"],
    ["a backreference", "(a)\\1"],
    ["a possessive quantifier", "a++"],
    ["an atomic group", "(?>a)"],
    ["an open group", "(a"],
    ["a group closed and opened again", "a)(b"],
    ["a quotation that takes what follows with it", "\\Qabc"],
    ["a character beyond Latin-1", "\\x{100}"],
    ["an octal character beyond Latin-1", "\\777"],
    ["a class that only newer tables have", "\\p{Assigned}"],
    ["too many repetitions", "a{1001}"],
    ["a program that is too large", "(?:a{100}){10}b"],
    ["half a character", "\ud800"],
  ])("%s", (_, pattern) => {
    expect(checkRegex(pattern)).toHaveProperty("fault");
    expect(regexType.parse(pattern).ok).toBe(false);
  });
});

test("no text makes the check throw, and what passes can be wrapped", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."()[]{}\\QE?:P<>x1*+|^$a/.,-") }), (pattern) => {
      const check = checkRegex(pattern);
      if ("groups" in check) expect(checkRegex(`^(?i:(?:${pattern})).*$`)).toEqual(check);
    }),
  );
});

test("a pattern has a length that compiles in no time", () => {
  expect(checkRegex("a".repeat(900))).toEqual({ groups: 0 });
  expect(checkRegex(`[${"a".repeat(2046)}]`)).toEqual({ groups: 0 });
  expect(checkRegex(`[${"a".repeat(2047)}]`)).toEqual({
    fault: "the pattern is longer than 2048 characters",
  });
});

test("a quoted literal is a pattern for itself", () => {
  expect(quoteRegex("/a.b(c)")).toBe("/a\\.b\\(c\\)");
});

describe("paths with escapes", () => {
  test.each([
    ["/a.b", "/a.b", true],
    ["/a.b", "/axb", false],
    ["/%E4%b8", "/%e4%B8", true],
    ["/%E4", "/%E5", false],
    ["/100%", "/100%", true],
    ["/%2F+", "/%2f+", true],
  ])("%s takes %s: %s", (path, text, expected) => {
    expect(RE2JS.compile(quotePath(path)).matches(text)).toBe(expected);
  });

  test("tells them from percent signs", () => {
    expect(["/%e4", "/a%2F", "/100%", "/%zz"].map(hasEscapes)).toEqual([true, true, false, false]);
  });
});

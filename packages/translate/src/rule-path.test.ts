import { describe, expect, test } from "vitest";
import { rulePathMatch } from "./rule-path.ts";

const path = (text: string, pathType: "Exact" | "Prefix" | "ImplementationSpecific" = "Prefix") =>
  rulePathMatch({ path: text, pathType, backend: {} });

describe("paths by their type", () => {
  test.each([
    ["Prefix", "", "prefix", "/"],
    ["Prefix", "/", "prefix", "/"],
    ["Prefix", "//", "prefix", "/"],
    ["Prefix", "/foo", "prefix", "/foo"],
    ["Prefix", "/foo/", "prefix", "/foo"],
    ["Prefix", "/foo//", "prefix", "/foo"],
    ["Prefix", "/é%2F", "prefix", "/%C3%A9%2F"],
    ["ImplementationSpecific", "/foo/", "prefix", "/foo"],
    ["Exact", "/foo", "exact", "/foo"],
    ["Exact", "/foo/", "exact", "/foo/"],
    ["Exact", "", "exact", "/"],
  ] as const)("%s %j is %s %j", (type, text, kind, value) =>
    expect(path(text, type)).toEqual({ ok: true, value: { kind, value } }),
  );

  test.each(["foo", "^/foo", "/a?b", "/a#b", "/a b", "/a\tb", "/a\u0000", "/a\u007f", "*"])(
    "%j is none",
    (text) => expect(path(text)).toMatchObject({ ok: false, expected: expect.stringContaining("a path") }),
  );

  test("a path has a length, which counts percent-encoded", () => {
    const longest = `/${"é".repeat(1365)}a`;
    expect(path(longest)).toMatchObject({ ok: true, value: { value: expect.stringMatching(/^.{8192}$/) } });
    for (const text of [`${longest}a`, `/${"é".repeat(1366)}`, `/${"%E4".repeat(400_000)}`])
      for (const type of ["Exact", "Prefix"] as const)
        expect(path(text, type)).toMatchObject({
          ok: false,
          expected: expect.stringContaining("at most 8192 characters"),
        });
  });
});

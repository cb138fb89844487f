import type { PathMatch } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { matching } from "./matching.ts";
import { draft, parse } from "./testing/feature-bench.ts";

const conditionsOf = (annotations: Record<string, string>) => {
  const { policy, found } = parse(matching, annotations);
  return { conditions: policy === undefined ? [] : draft(matching, policy).draft.conditions, found };
};

describe("how paths are read", () => {
  test.each<[string, Record<string, string>, PathMatch]>([
    ["use-regex", { "use-regex": "true" }, { kind: "regex", value: "/a(/|$)", ignoreCase: true }],
    [
      "full-path-regex",
      { "full-path-regex": "true" },
      { kind: "regex", value: "/a(/|$)", ignoreCase: true, whole: true },
    ],
    [
      "both: the whole path",
      { "use-regex": "true", "full-path-regex": "true" },
      { kind: "regex", value: "/a(/|$)", ignoreCase: true, whole: true },
    ],
    [
      "ignore-path-case",
      { "ignore-path-case": "true" },
      { kind: "exact", value: "/a(/|$)", ignoreCase: true },
    ],
  ])("%s", (_, annotations, path) => {
    const { policy, found } = parse(matching, annotations);
    const exact = { path: "/a(/|$)", match: { kind: "exact", value: "/a(/|$)" } } as const;
    expect(draft(matching, policy, exact).draft.path).toEqual(path);
    expect(found).toEqual([]);
  });

  test.each(["/a(?=b)", "/(a)\\1", "/(a", "/a)(b", "/a{2000}"])("%s drops the rule, reported", (path) => {
    const { policy } = parse(matching, { "use-regex": "true" });
    const result = draft(matching, policy, { path });
    expect(result.draft.dropped).toBe(true);
    expect(result.found).toEqual(["rule-invalid use-regex"]);
  });

  test("what is switched off does nothing", () => {
    expect(parse(matching, { "use-regex": "false", "ignore-path-case": "false" }).policy).toBeUndefined();
  });
});

describe("conditions", () => {
  const method = { on: "header", name: ":method" };
  test.each<[string, Record<string, string>, readonly object[]]>([
    ["one method", { "match-method": "get" }, [{ ...method, match: { kind: "exact", value: "GET" } }]],
    [
      "several methods, sorted",
      { "match-method": "POST  get GET" },
      [{ ...method, match: { kind: "regex", value: "GET|POST" } }],
    ],
    [
      "headers, in lower case",
      { "exact-match-header-X-A": "1", "prefix-match-header-B": "2", "regex-match-header-c": "3+" },
      [
        { on: "header", name: "b", match: { kind: "prefix", value: "2" } },
        { on: "header", name: "c", match: { kind: "regex", value: "3+" } },
        { on: "header", name: "x-a", match: { kind: "exact", value: "1" } },
      ],
    ],
    [
      "the header Host",
      { "exact-match-header-Host": "a.example" },
      [{ on: "header", name: ":authority", match: { kind: "exact", value: "a.example" } }],
    ],
    [
      "query parameters, with case",
      { "exact-match-query-Ab": "1", "regex-match-query-c": "[0-9]+" },
      [
        { on: "query", name: "Ab", match: { kind: "exact", value: "1" } },
        { on: "query", name: "c", match: { kind: "regex", value: "[0-9]+" } },
      ],
    ],
    [
      "a pseudo-header that has a value",
      { "exact-match-pseudo-header-method": "PUT" },
      [{ on: "header", name: ":method", match: { kind: "exact", value: "PUT" } }],
    ],
    [
      "pseudo-headers",
      { "prefix-match-pseudo-header-authority": "a.", "regex-match-pseudo-header-path": "/a\\?b=.*" },
      [
        { on: "header", name: ":authority", match: { kind: "prefix", value: "a." } },
        { on: "header", name: ":path", match: { kind: "regex", value: "/a\\?b=.*" } },
      ],
    ],
  ])("%s", (_, annotations, conditions) => {
    expect(conditionsOf(annotations)).toEqual({ conditions, found: [] });
  });

  test("exact beats prefix beats regex, and the losers are named", () => {
    expect(
      conditionsOf({
        "regex-match-header-a": "r",
        "prefix-match-header-A": "p",
        "exact-match-header-a": "e",
        "regex-match-query-a": "r",
        "prefix-match-query-a": "p",
      }),
    ).toEqual({
      conditions: [
        { on: "header", name: "a", match: { kind: "exact", value: "e" } },
        { on: "query", name: "a", match: { kind: "prefix", value: "p" } },
      ],
      found: [
        "annotation-no-effect prefix-match-header-A",
        "annotation-no-effect regex-match-header-a",
        "annotation-no-effect regex-match-query-a",
      ],
    });
  });

  test("equal demands are equal values, in whatever order they were written", () => {
    const written = { "exact-match-header-a": "1", "exact-match-query-b": "2", "match-method": "GET" };
    const reversed = Object.fromEntries(Object.entries(written).reverse());
    expect(parse(matching, reversed).policy).toEqual(parse(matching, written).policy);
  });

  test.each<[string, string]>([
    ["match-method", "FETCH"],
    ["regex-match-header-a", "(?!x)"],
    ["exact-match-header-a b", "x"],
    ["exact-match-header-a", "x\u0007"],
    ["exact-match-query-a=b", "x"],
    ["exact-match-pseudo-header-scheme", "https"],
    ["prefix-match-header-a", "x\u0007"],
    ["prefix-match-query-a", "x\u0007"],
    ["regex-match-query-a", "(?!x)"],
    ["prefix-match-pseudo-header-method", "x\u0007"],
    ["regex-match-pseudo-header-method", "(?!x)"],
  ])("%s: %s is reported and demands nothing", (name, value) => {
    expect(conditionsOf({ [name]: value })).toEqual({
      conditions: [],
      found: [`annotation-value ${name}`],
    });
  });

  test("an unknown method is dropped, the others hold", () => {
    expect(conditionsOf({ "match-method": "GET FETCH" })).toEqual({
      conditions: [{ ...method, match: { kind: "exact", value: "GET" } }],
      found: ["annotation-value match-method"],
    });
  });

  test("unknown methods are reported once each, and no more than ten of them", () => {
    expect(conditionsOf({ "match-method": "FETCH ".repeat(1_000) }).found).toHaveLength(1);
    const words = Array.from({ length: 1_000 }, (_, at) => `M${at}`);
    expect(conditionsOf({ "match-method": words.join(" ") }).found).toHaveLength(10);
  });
});

test.each([
  ["use-regex", "yes"],
  ["full-path-regex", "on"],
  ["ignore-path-case", "1.0"],
])("%s: %s is reported, and demands nothing of paths", (name, value) => {
  expect(parse(matching, { [name]: value })).toMatchObject({
    policy: undefined,
    found: [`annotation-value ${name}`],
  });
});

import type { Json } from "@sluice/protos";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonDiff } from "./json-diff.ts";

describe("jsonDiff", () => {
  test.each<[string, Json, Json, ReturnType<typeof jsonDiff>]>([
    ["equal", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ["a value", { a: { b: 1 } }, { a: { b: 2 } }, [{ path: "a.b", before: 1, after: 2 }]],
    ["a field that comes", {}, { a: false }, [{ path: "a", after: false }]],
    ["a field that goes", { a: null }, {}, [{ path: "a", before: null }]],
    ["another type", { a: [] }, { a: {} }, [{ path: "a", before: [], after: {} }]],
    [
      "items by number",
      [1, 2],
      [1, 3, 4],
      [
        { path: "[1]", before: 2, after: 3 },
        { path: "[2]", after: 4 },
      ],
    ],
    [
      "items by name",
      { r: [{ name: "x", v: 1 }] },
      { r: [{ name: "new" }, { name: "x", v: 2 }] },
      [
        { path: "r[x].v", before: 1, after: 2 },
        { path: "r[new]", after: { name: "new" } },
      ],
    ],
    [
      "items of one name by their number",
      [
        { name: "x", v: 1 },
        { name: "x", v: 2 },
      ],
      [
        { name: "x", v: 1 },
        { name: "x", v: 3 },
      ],
      [{ path: "[x#2].v", before: 2, after: 3 }],
    ],
    [
      "another order",
      { r: [{ name: "a" }, { name: "b" }] },
      { r: [{ name: "b" }, { name: "a" }] },
      [{ path: "r in order", before: ["a", "b"], after: ["b", "a"] }],
    ],
  ])("%s", (_, before, after, expected) => {
    expect(jsonDiff(before, after)).toEqual(expected);
  });

  test("finds a difference exactly if there is one", () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(json, json, (a, b) => {
        // What the generator makes is JSON.
        const [before, after] = [a, b].map((one) => JSON.parse(JSON.stringify(one)) as Json);
        if (before === undefined || after === undefined) return;
        const sorted = (value: Json) => JSON.stringify(value, (_, part) => canonical(part));
        expect(jsonDiff(before, after).length > 0).toBe(sorted(before) !== sorted(after));
        expect(jsonDiff(before, before)).toEqual([]);
      }),
    );
  });
});

function canonical(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

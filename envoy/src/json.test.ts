import { expect, test } from "vitest";
import { mergeJson } from "./json.ts";

test("objects merge by key, lists append, all else is replaced", () => {
  const base = { a: { b: 1, c: 2 }, list: [1], kept: true, changed: { x: 1 } };
  const merged = mergeJson(base, { a: { c: 3, d: 4 }, list: [2], changed: "text", added: null });
  expect(merged).toEqual({ a: { b: 1, c: 3, d: 4 }, list: [1, 2], kept: true, changed: "text", added: null });
  expect(base.a).toEqual({ b: 1, c: 2 });
});

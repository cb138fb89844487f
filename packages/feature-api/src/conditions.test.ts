import { expect, test } from "vitest";
import { conditionHeaderType, cookieNameType, queryNameType } from "./conditions.ts";

test.each([
  ["X-Canary", "x-canary"],
  ["Host", ":authority"],
  ["a_b.c~1", "a_b.c~1"],
])("the header %s is %s to conditions", (text, value) => {
  expect(conditionHeaderType.parse(text)).toEqual({ ok: true, value });
});

test.each([":path", "a b", "a:b", "é", ""])("%o is no header", (text) => {
  expect(conditionHeaderType.parse(text).ok).toBe(false);
});

test.each([
  ["Ab", true],
  ["a%20b", true],
  ["名", true],
  ["a=b", false],
  ["a&b", false],
  ["a#b", false],
  ["a b", false],
  ["\ud800", false],
  ["a".repeat(1025), false],
])("the query parameter %o: %o", (text, good) => {
  expect(queryNameType.parse(text).ok).toBe(good);
});

test.each([
  ["session.id", true],
  ["a;b", false],
  ["a=b", false],
])("the cookie %o: %o", (text, good) => {
  expect(cookieNameType.parse(text).ok).toBe(good);
});

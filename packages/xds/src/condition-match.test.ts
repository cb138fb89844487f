import type { Condition } from "@sluice/model";
import { expect, test } from "vitest";
import { conditionMatch } from "./condition-match.ts";

const INVERTED = { invertMatch: true, treatMissingHeaderAsEmpty: true };

test.each<[Condition, object]>([
  [
    { on: "header", name: "x-a", match: { kind: "exact", value: "1" } },
    { header: { name: "x-a", stringMatch: { exact: "1" } } },
  ],
  [
    { on: "header", name: ":method", match: { kind: "regex", value: "GET|PUT" } },
    { header: { name: ":method", stringMatch: { safeRegex: { regex: "GET|PUT" } } } },
  ],
  [
    { on: "header", name: "x-a", match: { kind: "regex", value: "a|b", anywhere: true } },
    { header: { name: "x-a", stringMatch: { safeRegex: { regex: ".*(?:a|b).*" } } } },
  ],
  [
    { on: "header", name: "x-a", match: { kind: "prefix", value: "" } },
    { header: { name: "x-a", presentMatch: true } },
  ],
  [
    { on: "header", name: "x-a", match: { kind: "present" }, negate: true },
    { header: { name: "x-a", presentMatch: false } },
  ],
  // A request without the header must count as one that does not match.
  [
    { on: "header", name: "x-a", match: { kind: "exact", value: "1" }, negate: true },
    { header: { name: "x-a", stringMatch: { exact: "1" }, ...INVERTED } },
  ],
  [
    { on: "query", name: "q", match: { kind: "prefix", value: "1" } },
    { query: { name: "q", stringMatch: { prefix: "1" } } },
  ],
  [{ on: "query", name: "q", match: { kind: "present" } }, { query: { name: "q", presentMatch: true } }],
])("condition %j", (model, expected) => {
  expect(conditionMatch(model)).toEqual(expected);
});

/** The regex that a condition became, as a function on the text that Envoy applies it to. */
function whole(condition: Condition): (text: string) => boolean {
  const result = conditionMatch(condition);
  const regex = "header" in result ? result.header.stringMatch?.safeRegex?.regex : undefined;
  if (regex === undefined) throw new Error("no regex");
  const compiled = new RegExp(`^(?:${regex})$`);
  return (text) => compiled.test(text);
}

test.each([
  ["can=always", true],
  ["a=1; can=always", true],
  ["a=1;can=always ;b=2", true],
  ["can=alwaysx", false],
  ["xcan=always", false],
  ["a=can=always", false],
  ["can=never; b=always", false],
])("a cookie in %j", (text, expected) => {
  expect(whole({ on: "cookie", name: "can", match: { kind: "exact", value: "always" } })(text)).toBe(
    expected,
  );
});

test("a cookie's value is not a pattern", () => {
  const matches = whole({ on: "cookie", name: "c.n", match: { kind: "exact", value: "a+b" } });
  expect([matches("c.n=a+b"), matches("cxn=a+b"), matches("c.n=aab")]).toEqual([true, false, false]);
});

test("a cookie that must not be there need not be there", () => {
  const result = conditionMatch({ on: "cookie", name: "c", match: { kind: "present" }, negate: true });
  expect(result).toMatchObject({ header: { name: "cookie", ...INVERTED } });
});

test.each([
  ["/?q=1", true],
  ["/?a=2&q=1#f", true],
  ["/?q=12", false],
  ["/?xq=1", false],
  ["/q=1", false],
])("the query parameter in %j is what must not be", (path, expected) => {
  const condition: Condition = {
    on: "query",
    name: "q",
    match: { kind: "exact", value: "1" },
    negate: true,
  };
  expect(conditionMatch(condition)).toMatchObject({ header: { name: ":path", invertMatch: true } });
  expect(whole(condition)(path)).toBe(expected);
});

test.each<Condition>([
  { on: "cookie", name: "c", match: { kind: "regex", value: ".*" } },
  { on: "query", name: "q", match: { kind: "regex", value: ".*" }, negate: true },
])("what cannot be had is a fault: %j", (condition) => {
  expect(conditionMatch(condition)).toHaveProperty("fault");
});

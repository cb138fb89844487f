import type { Condition, PathMatch, TextMatch } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { conditionFailure } from "./match-condition.ts";
import { pathMismatch } from "./match-path.ts";
import { readRequest } from "./request.ts";
import { exact, get, prefix, regex } from "./testing.ts";

test.each<[PathMatch, string, boolean]>([
  [exact("/foo"), "/foo", true],
  [exact("/foo"), "/foo/", false],
  [exact("/foo"), "/FOO", false],
  [{ ...exact("/fOo"), ignoreCase: true }, "/FOo", true],
  [prefix("/"), "/anything", true],
  [prefix("/foo"), "/foo", true],
  [prefix("/foo"), "/foo/", true],
  [prefix("/foo"), "/foo/bar", true],
  [prefix("/foo"), "/foobar", false],
  [prefix("/foo"), "/foo;x", false],
  [prefix("/foo"), "/FOO/bar", false],
  [{ ...prefix("/foo"), ignoreCase: true }, "/FOO/bar", true],
  // Without case means ASCII: the Kelvin sign is no k.
  [{ ...prefix("/\u212a"), ignoreCase: true }, "/k", false],
  [exact("/%E4"), "/%e4", true],
  [prefix("/%e4"), "/%E4/x", true],
  [prefix("/%E4"), "/%E5", false],
  [regex("/fo+"), "/foobar", true],
  [regex("/fo+"), "/x/foo", false],
  [regex("/fo+", { whole: true }), "/foobar", false],
  [regex("/fo+", { whole: true }), "/fooo", true],
  [regex("/a|/b"), "/bcd", true],
  [regex("/a|/b", { whole: true }), "/b", true],
  [regex("/foo$"), "/foo", true],
  [regex("/foo$"), "/foox", false],
  [regex("/foo"), "/FOO", false],
  [regex("/foo", { ignoreCase: true }), "/FOO", true],
  // RE2 has no lookahead: where RegExp would match, nothing does.
  [regex("/(?=a)"), "/a", false],
  // \d is ASCII and $ the end of the text in RE2.
  [regex("/\\pN+", { whole: true }), "/12", true],
])("%o and %s: %s", (match, path, expected) => {
  expect(pathMismatch(match, path) === undefined).toBe(expected);
});

test.each<[PathMatch, string, string]>([
  [prefix("/foo"), "/bar", "path /foo is not a prefix of /bar"],
  [prefix("/foo"), "/foobar", "path /foo ends within an element of /foobar"],
  [exact("/foo"), "/foo/", "path /foo is not /foo/"],
  [regex("/f"), "/g", "pattern /f does not match the start of /g"],
  [regex("("), "/g", "pattern ( is not RE2, so it matches nothing"],
])("%o and %s: %s", (match, path, reason) => {
  expect(pathMismatch(match, path)).toBe(reason);
});

const holds = (condition: Condition, url = "http://a/", headers: [string, string][] = []): boolean => {
  const { request } = readRequest(get(url, headers));
  if (request === undefined) throw new Error("the request of a test has to be good");
  return conditionFailure(condition, request) === undefined;
};
const is = (value: string): TextMatch => ({ kind: "exact", value });
const starts = (value: string): TextMatch => ({ kind: "prefix", value });
const re2 = (value: string, anywhere = false): TextMatch => ({
  kind: "regex",
  value,
  ...(anywhere && { anywhere }),
});
const PRESENT: TextMatch = { kind: "present" };

describe("headers", () => {
  const on = (match: TextMatch, negate = false): Condition => ({ on: "header", name: "x", match, negate });
  // Each row was asked of Envoy 1.40, the negated ones as xds writes them.
  test.each<[TextMatch, string[], boolean, boolean]>([
    [is("never"), [], false, true],
    [is("never"), ["never"], true, false],
    [is("never"), ["a", "never"], true, false],
    [is("never"), ["never", "a"], true, false],
    [is("never"), ["a", "b"], false, true],
    [is("a,b"), ["a", "b"], false, true],
    [is("a,b"), ["a,b"], true, false],
    [is("never"), [""], false, true],
    [is(""), [""], true, false],
    // A negated match takes an absent header for an empty one.
    [is(""), [], false, false],
    [starts("b"), ["a", "bc"], true, false],
    [starts(""), [], false, true],
    [starts(""), [""], true, false],
    [PRESENT, [], false, true],
    [PRESENT, [""], true, false],
    [re2("b+"), ["bbb"], true, false],
    [re2("b+"), ["abbb"], false, true],
    [re2("b+", true), ["abbbc"], true, false],
    // Envoy compares bytes.
    [re2("."), ["é"], false, true],
    [re2(".."), ["é"], true, false],
    [re2("é"), ["é"], true, false],
  ])("%o on %j: %s, negated: %s", (match, values, plain, negated) => {
    const headers = values.map((value): [string, string] => ["X", value]);
    expect(holds(on(match), "http://a/", headers)).toBe(plain);
    expect(holds(on(match, true), "http://a/", headers)).toBe(negated);
  });

  test.each<[string, TextMatch]>([
    [":authority", is("A:81")],
    ["host", is("A:81")],
    [":method", is("GET")],
    [":path", is("/b?c=//d")],
    [":scheme", is("http")],
    ["x-forwarded-proto", is("http")],
    ["x-request-id", PRESENT],
  ])("%s", (name, match) => {
    expect(holds({ on: "header", name, match }, "http://A:81/x/../b?c=//d")).toBe(true);
  });

  test("names of every object are not headers", () => {
    expect(holds({ on: "header", name: "constructor", match: PRESENT })).toBe(false);
  });
});

describe("query parameters", () => {
  const on = (match: TextMatch, negate = false): Condition => ({ on: "query", name: "a", match, negate });
  // Each row was asked of Envoy 1.40, but for the negated ones.
  test.each<[string, TextMatch, boolean, boolean]>([
    ["a=v", is("v"), true, false],
    ["a=v&a=w", is("v"), true, false],
    // The first value counts; negated, any does.
    ["a=w&a=v", is("v"), false, false],
    ["b=1&a=v&", is("v"), true, false],
    ["a=%76", is("v"), false, true],
    ["%61=v", is("v"), false, true],
    ["A=v", is("v"), false, true],
    ["a=x+y", is("x y"), false, true],
    ["a=v=", is("v"), false, true],
    ["a=v;b=1", is("v"), false, true],
    ["?a=v", is("v"), false, true],
    ["a=", is(""), true, false],
    // Without its sign, a parameter is empty; negated, it is not seen.
    ["a", is(""), true, true],
    ["a", PRESENT, true, true],
    ["", PRESENT, false, true],
    ["a;", PRESENT, false, true],
    ["a=beta-1", starts("beta-"), true, false],
    ["a=beta-1", re2("beta-[0-9]"), true, true],
  ])("%s and %o: %s, negated: %s", (query, match, plain, negated) => {
    expect(holds(on(match), `http://x/?${query}`)).toBe(plain);
    if (match.kind !== "regex") expect(holds(on(match, true), `http://x/?${query}`)).toBe(negated);
  });

  test("no query at all", () => {
    expect(holds(on(PRESENT), "http://x/")).toBe(false);
    expect(holds(on(PRESENT), "http://x/?")).toBe(false);
  });
});

describe("cookies", () => {
  const on = (match: TextMatch, negate = false): Condition => ({ on: "cookie", name: "c", match, negate });
  test.each<[string[], TextMatch, boolean]>([
    [["c=always"], is("always"), true],
    [["a=1;c=always"], is("always"), true],
    [["a=1;  c=always "], is("always"), true],
    [["a=1", "c=always"], is("always"), true],
    [["c=never; c=always"], is("always"), true],
    [["C=always"], is("always"), false],
    [["c = always"], is("always"), false],
    [["c=alwaysx"], is("always"), false],
    [["xc=always"], is("always"), false],
    [["c"], PRESENT, false],
    [["c="], PRESENT, true],
    [[], PRESENT, false],
    [["c=beta-1"], starts("beta-"), true],
  ])("%j and %o: %s", (cookies, match, expected) => {
    const headers = cookies.map((value): [string, string] => ["Cookie", value]);
    expect(holds(on(match), "http://a/", headers)).toBe(expected);
    expect(holds(on(match, true), "http://a/", headers)).toBe(!expected);
  });
});

test.each<Condition>([
  { on: "cookie", name: "c", match: re2(".*") },
  { on: "query", name: "c", match: re2(".*"), negate: true },
])("a route with a condition that Envoy does not have is left out: %o", (condition) => {
  expect(holds(condition, "http://a/?c=1", [["cookie", "c=1"]])).toBe(false);
});

test.each<[Condition, string]>([
  [{ on: "header", name: "x", match: is("always") }, 'header x is absent, must be "always"'],
  [{ on: "query", name: "v", match: is("2") }, 'query parameter v is "1", must be "2"'],
  [{ on: "query", name: "v", match: is("1"), negate: true }, 'query parameter v is "1", must not be "1"'],
  [{ on: "cookie", name: "c", match: PRESENT }, "cookie c is absent, must be there"],
  [
    { on: "header", name: ":method", match: re2("POST|PUT") },
    'method is "GET", must match the pattern POST|PUT',
  ],
])("%o: %s", (condition, reason) => {
  const { request } = readRequest(get("http://a/?v=1"));
  expect(request && conditionFailure(condition, request)).toBe(reason);
});

import type { PathMatch } from "@sluice/model";
import { expect, test } from "vitest";
import { pathMatch } from "./path-match.ts";

const INSENSITIVE = { caseSensitive: { value: false } };

test.each<[PathMatch, object]>([
  [{ kind: "exact", value: "/a" }, { path: "/a" }],
  [
    { kind: "exact", value: "/a", ignoreCase: true },
    { path: "/a", ...INSENSITIVE },
  ],
  // Envoy leaves two of a path that is nothing but slashes.
  [{ kind: "exact", value: "/" }, { safeRegex: { regex: "//?" } }],
  [{ kind: "prefix", value: "/" }, { prefix: "/" }],
  [{ kind: "prefix", value: "/", ignoreCase: true }, { prefix: "/" }],
  [{ kind: "prefix", value: "/a" }, { pathSeparatedPrefix: "/a" }],
  [
    { kind: "prefix", value: "/a", ignoreCase: true },
    { pathSeparatedPrefix: "/a", ...INSENSITIVE },
  ],
  // An escape may come in either case.
  [{ kind: "exact", value: "/%E4" }, { safeRegex: { regex: "/%[eE]4" } }],
  [{ kind: "prefix", value: "/a%2F" }, { safeRegex: { regex: "/a%2[fF](?:/.*)?" } }],
  // An alternative must not escape from the anchor, nor from what follows.
  [{ kind: "regex", value: "/a|/b" }, { safeRegex: { regex: "(?:/a|/b).*" } }],
  [{ kind: "regex", value: "/a", ignoreCase: true }, { safeRegex: { regex: "(?i)(?:/a).*" } }],
  [{ kind: "regex", value: "/a", whole: true }, { safeRegex: { regex: "/a" } }],
  [{ kind: "regex", value: "/a", whole: true, ignoreCase: true }, { safeRegex: { regex: "(?i)/a" } }],
])("path %j", (model, expected) => {
  expect(pathMatch(model)).toEqual(expected);
});

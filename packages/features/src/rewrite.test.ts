import type { PathMatch } from "@sluice/model";
import type { Route } from "@sluice/protos";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { rewrite } from "./rewrite.ts";
import { draft, parse } from "./testing/feature-bench.ts";

const regex = (value: string, whole = false): PathMatch => ({
  kind: "regex",
  value,
  ignoreCase: true,
  ...(whole ? { whole } : {}),
});
const prefix = (value: string): PathMatch => ({ kind: "prefix", value });
const exact = (value: string): PathMatch => ({ kind: "exact", value });

/** What the feature writes for a rule, by the way that translation and xds call it. */
function written(annotations: Record<string, string>, path: string, match: PathMatch = prefix(path)) {
  const { policy, found } = parse(rewrite, annotations);
  const out: Route = { route: { cluster: "c" } };
  if (policy === undefined) return { out, found, path: match };
  const result = draft(rewrite, policy, { path, match });
  const own = result.draft.extraPolicies?.rewrite ?? policy;
  const context = { routeName: "r", policies: {}, path: result.draft.path, https: false };
  rewrite.route?.(out, own, context);
  return { out, found: [...found, ...result.found], path: result.draft.path, dropped: result.draft.dropped };
}

/** Rewrites a path as Envoy does: every match of the pattern, groups by backslash. */
function rewritten(out: Route, path: string): string {
  const rule = out.route?.regexRewrite;
  if (rule === undefined) return path;
  const target = (rule.substitution ?? "").replaceAll(/\\(.)|\$/g, (_, next: string | undefined) =>
    next === undefined ? "$$" : next === "\\" ? "\\" : `$${next}`,
  );
  expect(all(out)).toBe(true);
  return (
    RE2JS.compile(rule.pattern?.regex ?? "")
      .matcher(path)
      .replaceAll(target) || path
  );
}

/** The pattern takes the whole path, or Envoy would replace it several times. */
function all(out: Route): boolean {
  const pattern = out.route?.regexRewrite?.pattern?.regex ?? "";
  return pattern.startsWith("^") && pattern.endsWith("$");
}

describe("rewrite-target", () => {
  test.each<[string, string, PathMatch, readonly (readonly [string, string])[]]>([
    // The classic of ingress-nginx's documentation.
    [
      "/$2",
      "/foo(/|$)(.*)",
      regex("/foo(/|$)(.*)"),
      [
        ["/foo", "/"],
        ["/foo/", "/"],
        ["/foo/a/b", "/a/b"],
        ["/FOO/a", "/a"],
      ],
    ],
    [
      "/new",
      "/old",
      prefix("/old"),
      [
        ["/old", "/new"],
        ["/old/a/b", "/new"],
      ],
    ],
    ["/new", "/old", exact("/old"), [["/old", "/new"]]],
    [
      "/new",
      "/ol[dt]",
      regex("/ol[dt]"),
      [
        ["/old/a", "/new"],
        ["/oltx", "/new"],
      ],
    ],
    ["/x/$1", "/a/([0-9]+)", regex("/a/([0-9]+)"), [["/a/12/rest", "/x/12"]]],
    ["/x/$1", "/a/([0-9]+)", regex("/a/([0-9]+)", true), [["/a/12", "/x/12"]]],
    // A group that took no part, and one that the path lacks.
    [
      "/u$1-$2$9",
      "/a(x)?(/.*)?",
      regex("/a(x)?(/.*)?"),
      [
        ["/a", "/u-"],
        ["/ax/b", "/ux-/b"],
      ],
    ],
    ["/$10", "/a(b)", regex("/a(b)"), [["/ab", "/b0"]]],
    // Backslashes and dollar signs of the backend's path are literal.
    ["/a\\1b", "/z", regex("/z"), [["/z", "/a\\1b"]]],
    ["v2/$1", "/v1/(.*)", regex("/v1/(.*)"), [["/v1/a", "/v2/a"]]],
    ["/%41é", "/z", prefix("/z"), [["/z", "/%41%C3%A9"]]],
    // A group in the place of the slash.
    ["$1", "/foo(/.*)", regex("/foo(/.*)"), [["/foo/a", "/a"]]],
    [
      "$1",
      "/foo(.*)",
      regex("/foo(.*)"),
      [
        ["/foo", "/"],
        ["/foo/a", "/a"],
        ["/foobar", "/bar"],
      ],
    ],
    [
      "$1",
      "/foo(/.*)?$",
      regex("/foo(/.*)?$"),
      [
        ["/foo", "/"],
        ["/foo/a", "/a"],
      ],
    ],
    [
      "$1",
      "/foo/(.*)",
      regex("/foo/(.*)"),
      [
        ["/foo/", "/"],
        ["/foo/a", "/a"],
      ],
    ],
    [
      "$2",
      "/foo(/|$)(.*)",
      regex("/foo(/|$)(.*)"),
      [
        ["/foo", "/"],
        ["/foo/a", "/a"],
      ],
    ],
    ["$1/x", "/(a|b)", regex("/(a|b)"), [["/a", "a/x"]]],
    ["$3", "/foo", regex("/foo"), [["/foo", "/"]]],
  ])("%s for the path %s", (target, path, match, cases) => {
    const result = written({ "rewrite-target": target }, path, match);
    expect(result.found).toEqual([]);
    expect(result.path).toEqual(match);
    for (const [from, to] of cases) expect([from, rewritten(result.out, from)]).toEqual([from, to]);
  });

  test.each<[string, string, PathMatch, boolean]>([
    ["/new", "/a(b)", prefix("/a(b)"), true],
    ["/$1", "/a", prefix("/a"), true],
    ["/$1", "/a", exact("/a"), true],
    ["/new", "/a", prefix("/a"), false],
    ["/new", "/v1.2", exact("/v1.2"), false],
  ])("%s for %s: a pattern or not", (target, path, match, becomes) => {
    const result = written({ "rewrite-target": target }, path, match);
    expect(result.path).toEqual(becomes ? regex(path) : match);
  });

  test.each(["/a(", "/(?=a)"])("drops a rule whose path %s is no pattern", (path) => {
    const result = written({ "rewrite-target": "/x" }, path);
    expect(result.dropped).toBe(true);
    expect(result.found).toEqual(["rule-invalid rewrite-target"]);
  });

  test("does nothing where it equals the path", () => {
    const same = written({ "rewrite-target": "/a", "x-forwarded-prefix": "/p" }, "/a");
    expect(same.out).toEqual({ route: { cluster: "c" } });
    expect(written({ "rewrite-target": "/a" }, "/a/").out.route?.regexRewrite).toBeDefined();
  });

  test.each([
    ["in front of a default backend", "/$1", { extraPolicies: { "default-backend": {} } }],
    ["where it changes nothing", "/a(b)", {}],
  ])("makes the path a pattern even %s", (_, target, start) => {
    const { policy } = parse(rewrite, { "rewrite-target": target });
    const result = draft(rewrite, policy, { path: "/a(b)", start }).draft;
    expect(result.path).toEqual(regex("/a(b)"));
    expect(result.extraPolicies?.rewrite).toEqual({});
  });

  test("leaves the path alone for a default backend, and keeps the host", () => {
    const { policy } = parse(rewrite, { "rewrite-target": "/a", "upstream-vhost": "h" });
    const start = { extraPolicies: { "default-backend": {} } };
    expect(draft(rewrite, policy, { path: "/z", start }).draft.extraPolicies).toEqual({
      "default-backend": {},
      rewrite: { host: "h" },
    });
  });
});

describe("rewrite-path", () => {
  test.each<[string, PathMatch, readonly (readonly [string, string])[]]>([
    [
      "/v2",
      prefix("/v1"),
      [
        ["/v1", "/v2"],
        ["/v1/", "/v2/"],
        ["/v1/a", "/v2/a"],
      ],
    ],
    [
      "/v2/",
      prefix("/v1"),
      [
        ["/v1", "/v2/"],
        ["/v1/", "/v2/"],
        ["/v1/a", "/v2/a"],
      ],
    ],
    [
      "/",
      prefix("/v1"),
      [
        ["/v1", "/"],
        ["/v1/", "/"],
        ["/v1/a/b", "/a/b"],
      ],
    ],
    [
      "/v2",
      prefix("/"),
      [
        ["/", "/v2"],
        ["/a", "/v2/a"],
      ],
    ],
    [
      "/v2/",
      prefix("/"),
      [
        ["/", "/v2/"],
        ["/a", "/v2/a"],
      ],
    ],
    ["/v2", exact("/v1"), [["/v1", "/v2"]]],
    ["/v2", regex("/v(1)"), [["/v1/a", "/v2"]]],
    ["/a\\1", prefix("/v1"), [["/v1/b", "/a\\1/b"]]],
    ["/v2", prefix("/v.1"), [["/v.1/a", "/v2/a"]]],
    ["/v2", { ...prefix("/v1"), ignoreCase: true }, [["/V1/A", "/v2/A"]]],
  ])("%s for %o", (target, match, cases) => {
    const { out, found } = written({ "rewrite-path": target }, match.value, match);
    expect(found).toEqual([]);
    for (const [from, to] of cases) expect([from, rewritten(out, from)]).toEqual([from, to]);
  });

  test("wins over rewrite-target, which is reported and makes no pattern", () => {
    const result = written({ "rewrite-path": "/x", "rewrite-target": "/$1" }, "/a");
    expect(result.found).toEqual(["annotation-no-effect rewrite-target"]);
    expect(result.path).toEqual(prefix("/a"));
    expect(rewritten(result.out, "/a/b")).toBe("/x/b");
  });
});

describe("host and prefix for the backend", () => {
  test.each(["internal.example.com", "a_b:8080", "[::1]:80", "10.0.0.1"])("upstream-vhost %s", (host) => {
    expect(written({ "upstream-vhost": host }, "/").out.route).toEqual({
      cluster: "c",
      hostRewriteLiteral: host,
    });
  });

  test("x-forwarded-prefix with a rewrite, percent signs escaped", () => {
    const { out } = written({ "rewrite-target": "/x", "x-forwarded-prefix": "/a%b" }, "/a");
    expect(out.requestHeadersToAdd).toEqual([
      {
        header: { key: "X-Forwarded-Prefix", value: "/a%%b" },
        appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
      },
    ]);
  });

  test("x-forwarded-prefix without rewrite-target has no effect, reported", () => {
    const { out, found } = written({ "x-forwarded-prefix": "/a", "rewrite-path": "/b" }, "/a");
    expect(out.requestHeadersToAdd).toBeUndefined();
    expect(found).toEqual(["annotation-no-effect x-forwarded-prefix"]);
  });
});

test.each<[string, string]>([
  ["rewrite-target", "/$host"],
  ["rewrite-target", "/$0"],
  ["rewrite-target", "/a$"],
  ["rewrite-target", "/$" + "{1}"],
  ["rewrite-target", "/a?b=c"],
  ["rewrite-target", "/a#b"],
  ["rewrite-target", "/a b"],
  ["rewrite-target", "/a\nb"],
  ["rewrite-target", "https://example.com/"],
  ["rewrite-path", "v2"],
  ["rewrite-path", "/$uri"],
  ["rewrite-path", "/a b"],
  ["upstream-vhost", "$host"],
  ["upstream-vhost", "a b"],
  ["upstream-vhost", "a:0"],
  ["upstream-vhost", "a/b"],
])("%s: %o is bad, and changes nothing", (name, value) => {
  const { out, found } = written({ [name]: value }, "/a");
  expect(out).toEqual({ route: { cluster: "c" } });
  expect(found).toEqual([`annotation-value ${name}`]);
});

test("routes without a policy, and those that do not forward, are left alone", () => {
  const context = { routeName: "r", policies: {}, path: prefix("/"), https: false };
  const [out, answering]: [Route, Route] = [{ route: {} }, { directResponse: { status: 503 } }];
  rewrite.route?.(out, undefined, context);
  rewrite.route?.(answering, { host: "a" }, context);
  expect([out, answering]).toEqual([{ route: {} }, { directResponse: { status: 503 } }]);
});

test.each(["/$1", "/a\u0007"])("x-forwarded-prefix: %j is bad, and the path is still rewritten", (value) => {
  const { out, found } = written({ "rewrite-target": "/b", "x-forwarded-prefix": value }, "/a");
  expect(found).toEqual(["annotation-value x-forwarded-prefix"]);
  expect(out).toEqual(written({ "rewrite-target": "/b" }, "/a").out);
});

import type { Route } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { cors } from "./cors.ts";
import { corsOrigin } from "./support/cors-origin.ts";
import { parse } from "./testing/feature-bench.ts";

const on = (annotations: Record<string, string>) => parse(cors, { "enable-cors": "true", ...annotations });

const HOOKS = {
  routeName: "r",
  policies: {},
  path: { kind: "prefix", value: "/" },
  https: false,
} as const;

describe("the policy", () => {
  test("is none unless CORS is on", () => {
    expect(parse(cors, { "enable-cors": "false" })).toMatchObject({ policy: undefined, found: [] });
    expect(parse(cors, { "enable-cors": "yes" })).toMatchObject({
      policy: undefined,
      found: ["annotation-value enable-cors"],
    });
    expect(parse(cors, { "cors-max-age": "5", "cors-allow-origin": "*" })).toMatchObject({
      policy: undefined,
      found: ["annotation-no-effect cors-allow-origin", "annotation-no-effect cors-max-age"],
    });
  });

  test("has the defaults of the reference", () => {
    expect(on({})).toMatchObject({
      policy: {
        origins: "any",
        methods: "GET, PUT, POST, DELETE, PATCH, OPTIONS",
        credentials: false,
        maxAge: 1_728_000,
      },
      found: [],
    });
  });

  test.each<[string, Record<string, string>, boolean, string[]]>([
    ["*", {}, false, []],
    ["*, asked for", { "cors-allow-credentials": "true" }, true, ["annotation-value cors-allow-credentials"]],
    ["a list", { "cors-allow-origin": "https://a.com" }, true, []],
    ["a list, off", { "cors-allow-origin": "https://a.com", "cors-allow-credentials": "false" }, false, []],
    ["* in a list", { "cors-allow-origin": "https://a.com,*" }, false, []],
  ])("allows credentials with care: %s", (_, annotations, credentials, found) => {
    expect(on(annotations)).toMatchObject({ policy: { credentials }, found });
  });

  test("drops bad origins, says so ten times at most, and lets nobody in if none is left", () => {
    const mixed = on({ "cors-allow-origin": "https://a b, https://a.com" });
    expect(mixed.policy).toMatchObject({ origins: [{ exact: "https://a.com" }] });
    expect(mixed.found).toEqual(["annotation-value cors-allow-origin"]);
    expect(on({ "cors-allow-origin": "," })).toMatchObject({ policy: undefined, denied: false });
    const many = on({ "cors-allow-origin": "https://,".repeat(1500) });
    expect(many.policy).toBeUndefined();
    expect(many.found).toHaveLength(10);
    const long = on({ "cors-allow-origin": "https://a.com,".repeat(2000) });
    expect(long).toMatchObject({ policy: undefined, found: ["annotation-value cors-allow-origin"] });
  });

  test("takes five hundred origins and no more", () => {
    const origins = Array.from({ length: 600 }, (_, n) => `https://a${n}.com`);
    const { policy, found } = on({ "cors-allow-origin": origins.join(",") });
    expect(policy).toMatchObject({ origins: origins.slice(0, 500).map((exact) => ({ exact })) });
    expect(found).toEqual(["annotation-value cors-allow-origin"]);
  });

  test.each([
    ["cors-allow-methods", "GET, PO ST"],
    ["cors-allow-methods", ","],
    ["cors-allow-headers", "X-A, X:B"],
    ["cors-expose-headers", "X A"],
    ["cors-max-age", "10s"],
    ["cors-max-age", "-1"],
    ["cors-allow-credentials", "yes"],
  ])("%s: %s is reported, and the default holds", (key, value) => {
    expect(on({ [key]: value })).toMatchObject({ policy: on({}).policy, found: [`annotation-value ${key}`] });
  });

  test.each([
    ["cors-allow-methods", "GET, *", { methods: "*" }],
    ["cors-allow-methods", "GET,,purge", { methods: "GET, purge" }],
    ["cors-allow-headers", "*", { headers: "*" }],
    ["cors-expose-headers", "X-A,x-b", { exposed: "X-A, x-b" }],
    ["cors-max-age", "0", { maxAge: 0 }],
  ])("%s: %s", (key, value, policy) => {
    expect(on({ [key]: value })).toMatchObject({ policy, found: [] });
  });
});

describe("an origin", () => {
  test.each<[string, unknown]>([
    ["null", [{ exact: "null" }]],
    ["https://a.com", [{ exact: "https://a.com" }]],
    ["chrome-extension://abc", [{ exact: "chrome-extension://abc" }]],
    ["https://[::1]:8443", [{ exact: "https://[::1]:8443" }]],
    ["a.com:80", [{ exact: "http://a.com:80" }, { exact: "https://a.com:80" }]],
    ["https://*.a.com:1", [{ regex: "https://[a-z0-9_-]+\\.a\\.com:1" }]],
    ["*.a.com", [{ regex: "https?://[a-z0-9_-]+\\.a\\.com" }]],
  ])("%s", (item, wanted) => {
    expect(corsOrigin(item)).toEqual(wanted);
  });

  test.each([
    "https://",
    "https://*",
    "https://*.*.a.com",
    "https://a.*.com",
    "https://a.com/",
    "https://a.com/x",
    "https://a.com:65536",
    "https://a..com",
    "https://*.[::1]",
    "://a.com",
    "https://user@a.com",
    "https://$host",
    "https://ä.com",
    `https://${"a-".repeat(100_000)}`,
  ])("%s is none", (item) => {
    expect(corsOrigin(item)).toBeUndefined();
  });
});

describe("a route", () => {
  const forwarded = (annotations: Record<string, string>): Route => {
    const out: Route = { match: { prefix: "/" }, route: { cluster: "c" } };
    cors.route?.(out, on(annotations).policy, HOOKS);
    return out;
  };

  test("without a policy is left alone", () => {
    const out: Route = { match: { prefix: "/" }, route: { cluster: "c" } };
    cors.route?.(out, undefined, HOOKS);
    expect(out).toEqual({ match: { prefix: "/" }, route: { cluster: "c" } });
    expect(cors.answers?.(out, undefined, HOOKS)).toEqual([out]);
  });

  test("keeps the backend's credentials header only if it means the same", () => {
    expect(forwarded({}).responseHeadersToRemove).toEqual(["access-control-allow-credentials"]);
    expect(forwarded({ "cors-allow-origin": "https://a.com" }).responseHeadersToRemove).toBeUndefined();
  });

  test("that answers itself has forms for preflights and for allowed origins, and is itself for others", () => {
    const redirect: Route = {
      name: "r",
      match: { prefix: "/", headers: [{ name: "x", presentMatch: true }] },
      redirect: { hostRedirect: "b.com" },
    };
    const policy = on({ "cors-allow-origin": "https://a.com,*.b.com", "cors-expose-headers": "x-1%" }).policy;
    const [preflight, allowed, other] = cors.answers?.(redirect, policy, HOOKS) ?? [];
    expect(preflight?.redirect).toBeUndefined();
    expect(preflight).toMatchObject({ name: "r", directResponse: { status: 200 } });
    expect(allowed).toMatchObject({ redirect: redirect.redirect });
    expect(allowed?.match?.headers).toEqual([
      { name: "x", presentMatch: true },
      {
        name: "origin",
        stringMatch: {
          safeRegex: { regex: "(?i)(?:https://a\\.com|https?://[a-z0-9_-]+\\.b\\.com)" },
        },
      },
    ]);
    expect(allowed?.responseHeadersToAdd?.map(({ header }) => header?.value)).toEqual([
      "Origin",
      "%REQ(origin)%",
      "true",
      "x-1%%",
    ]);
    expect(other).toEqual({
      ...redirect,
      responseHeadersToAdd: [{ header: { key: "vary", value: "Origin" } }],
    });
  });

  test("that answers itself tells many origins apart in pieces that RE2 takes", () => {
    const origins = Array.from({ length: 250 }, (_, n) => `shop-${n}.${"long-name.".repeat(4)}example.com`);
    const policy = on({ "cors-allow-origin": origins.join(",") }).policy;
    const routes = cors.answers?.({ match: { prefix: "/" }, directResponse: { status: 503 } }, policy, HOOKS);
    const patterns = (routes ?? []).flatMap(
      ({ match }) => match?.headers?.[0]?.stringMatch?.safeRegex?.regex ?? [],
    );
    expect(patterns.length).toBeGreaterThan(2);
    expect(Math.max(...patterns.map(({ length }) => length))).toBeLessThan(20_000);
    const all = patterns.join("");
    for (const origin of [origins[0], origins[249]])
      expect(all).toContain(`//${origin?.replaceAll(".", "\\.")}`);
  });
});

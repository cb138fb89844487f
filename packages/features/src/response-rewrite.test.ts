import { describe, expect, test } from "vitest";
import { responseRewrite } from "./response-rewrite.ts";
import { tryFeature } from "./support/try-feature.ts";

const CASES: readonly [annotations: Record<string, string>, policy: object | undefined][] = [
  [
    { "proxy-cookie-domain": "a.example  b.example" },
    { cookieDomain: { from: "a.example", to: "b.example" } },
  ],
  [{ "proxy-cookie-path": "/a/ /" }, { cookiePath: { from: "/a/", to: "/" } }],
  [
    { "proxy-redirect-from": "http://a/%b", "proxy-redirect-to": "/" },
    { redirect: { from: "http://a/%b", to: "/" } },
  ],
  [{ "proxy-cookie-domain": "off", "proxy-cookie-path": "off", "proxy-redirect-from": "off" }, undefined],
  [{ "proxy-redirect-from": "off", "proxy-redirect-to": "/x" }, undefined],
  [{ "proxy-redirect-from": "http://a/", "proxy-redirect-to": "off" }, undefined],
  [{ "proxy-redirect-to": "off" }, undefined],
  [{ "proxy-redirect-from": "default", "proxy-redirect-to": "/x" }, undefined],
];

test.each(CASES)("%j", (annotations, policy) => {
  const tried = tryFeature(responseRewrite, annotations);
  expect(tried.findings).toEqual([]);
  expect(tried.policy).toEqual(policy);
});

test("what a user wrote is data of the route, and the script is one for all", () => {
  const route = tryFeature(responseRewrite, { "proxy-cookie-path": "/]]os.exit()-- /" }).route();
  expect(JSON.stringify(route.metadata)).toContain("/]]os.exit()--");
  const config = route.typedPerFilterConfig?.["sluice.response-rewrite"]?.value;
  expect(Buffer.from(config ?? []).toString("latin1")).toBe("\x12\x07rewrite");
});

describe("bad values are reported and do nothing", () => {
  test.each([
    ["proxy-cookie-domain", "a.example"],
    ["proxy-cookie-domain", "a b c"],
    ["proxy-cookie-domain", "~^(.+)$ b.example"],
    ["proxy-cookie-domain", "a.example $host"],
    ["proxy-cookie-path", "a /"],
    ["proxy-cookie-path", "/a /b;c"],
    ["proxy-cookie-path", "/a /$1"],
    ["proxy-redirect-from", "~^/a"],
    ["proxy-redirect-from", "http://$host/"],
    ["proxy-redirect-to", "/a b"],
  ])("%s: %j", (key, text) => {
    const tried = tryFeature(responseRewrite, { [key]: text });
    expect(tried.findings).toEqual([`${key} annotation-value`]);
    expect(tried.policy).toBeUndefined();
  });
});

test.each([
  ["proxy-redirect-from", "proxy-redirect-to"],
  ["proxy-redirect-to", "proxy-redirect-from"],
])("%s without %s has no effect, reported", (alone, other) => {
  const { findings, policy, diagnostics } = tryFeature(responseRewrite, { [alone]: "/a" });
  expect([findings, policy]).toEqual([[`${alone} annotation-no-effect`], undefined]);
  expect(diagnostics[0]?.message).toContain(other);
});

import type { Route } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { customErrors } from "./custom-errors.ts";
import { draft, INGRESS, parse, plain, readyServices } from "./testing/feature-bench.ts";

const policyOf = (text: string, more: Readonly<Record<string, string>> = {}) =>
  parse(customErrors, { "custom-http-errors": text, "default-backend": "errors", ...more });
const path = { kind: "prefix", value: "/" } as const;
const FALLBACK = { kind: "service", namespace: "pages", name: "errors", port: "first" } as const;

const hook = (policy: unknown, errorPagesCluster?: string): Route => {
  const out: Route = { route: { cluster: "c" } };
  customErrors.route?.(out, policy, {
    routeName: "r",
    policies: {},
    path,
    https: false,
    ...(errorPagesCluster !== undefined && { errorPagesCluster }),
  });
  return out;
};

test.each<[string, number[]]>([
  ["404", [404]],
  ["503, 404,404 ,", [404, 503]],
  ["400,599", [400, 599]],
])("%j is a list of codes", (text, codes) => {
  expect(policyOf(text)).toMatchObject({ policy: { codes, ingress: INGRESS }, found: [] });
});

test.each(["399", "600", "200", "4xx", "404;503", "404,abc", "404,200", "-404", "404.0", "$status"])(
  "%j is bad as a whole",
  (text) => {
    expect(policyOf(text)).toMatchObject({
      policy: undefined,
      found: ["annotation-value custom-http-errors"],
    });
  },
);

test("a list of nothing is no list", () => {
  expect(policyOf(",")).toMatchObject({ policy: undefined, found: [] });
});

test.each<[string, boolean, string[]]>([
  ["true", false, []],
  ["false", true, []],
  ["off", true, ["annotation-value disable-proxy-intercept-errors"]],
])("disable-proxy-intercept-errors: %s", (text, isOn, found) => {
  const parsed = policyOf("404", { "disable-proxy-intercept-errors": text });
  expect([parsed.policy !== undefined, parsed.found]).toEqual([isOn, found]);
});

test("without a default-backend it is said to have no effect", () => {
  expect(parse(customErrors, { "custom-http-errors": "404" }).found).toEqual([
    "annotation-no-effect custom-http-errors",
  ]);
});

describe("a route", () => {
  const { policy } = policyOf("503,404");
  const policies = { "default-backend": { target: FALLBACK } };
  const references = readyServices("shop/web");

  test("has the default backend as its error pages, and keeps whose setting it is", () => {
    const { draft: result } = draft(customErrors, policy, { references, policies });
    expect(result.errorPages).toEqual({ backend: plain(FALLBACK), codes: [404, 503] });
    expect(result.extraPolicies?.["custom-errors"]).toEqual({
      codes: [404, 503],
      ingress: INGRESS,
      service: { name: "web", port: "80" },
    });
  });

  test("has none without a default backend, when it answers itself, or when that stands in for its Service", () => {
    expect(draft(customErrors, policy, { references }).draft.errorPages).toBeUndefined();
    const answer = { kind: "respond", status: 503, reason: "test" } as const;
    const standsIn = { "default-backend": { target: FALLBACK, standsInFor: {} } };
    for (const start of [{ answer }, { extraPolicies: standsIn }])
      expect(draft(customErrors, policy, { references, policies, start }).draft.errorPages).toBeUndefined();
  });

  test("switches the filters on, with data alone", () => {
    const out = hook({ ...(policy as object), service: { name: "web", port: "80" } }, "pages/errors/first");
    expect(Object.keys(out.typedPerFilterConfig ?? {})).toEqual([
      "sluice.custom-errors",
      "sluice.custom-errors.past-limits",
      "sluice.custom-errors.to-backend",
    ]);
  });

  test("without error pages has nothing", () => {
    expect(hook(policy)).toEqual({ route: { cluster: "c" } });
    expect(hook(undefined, "pages/errors/first")).toEqual({ route: { cluster: "c" } });
  });
});

test("the filters stand where they tell refusals apart", () => {
  expect(customErrors.edgeFilters?.().map(({ stage, edge, filter }) => [stage, edge, filter.name])).toEqual([
    ["limit", "first", "sluice.custom-errors"],
    ["limit", "last", "sluice.custom-errors.past-limits"],
    ["authz", "last", "sluice.custom-errors.to-backend"],
  ]);
});

import { expect, test } from "vitest";
import { rateLimit } from "./rate-limit.ts";
import { slowestFill } from "./support/slow-limit.ts";
import { tryFeature } from "./support/try-feature.ts";
import { answerOf } from "./testing/limit-answer-of.ts";
import { limitMetadata } from "./testing/limit-metadata.ts";

const FALLBACK = "rate-limit-fallback-";

test("a limit travels with the requests of the route, and stands there for an Envoy that is alone", () => {
  const tried = tryFeature(rateLimit, { "rate-limit": "50" });
  expect(tried.findings).toEqual([]);
  const route = tried.route();
  expect(route.route?.rateLimits).toEqual([
    {
      actions: [
        { genericKey: { descriptorKey: "ingress", descriptorValue: "shop/web" } },
        { genericKey: { descriptorKey: "requests_per_second", descriptorValue: "50" } },
      ],
    },
  ]);
  expect(limitMetadata(route, "sluice.rate-limit-fallback")).toEqual({
    id: "shop/web",
    "perSecond.fill": "1",
    "perSecond.cost": "20000000",
  });
  expect(Object.keys(route.typedPerFilterConfig ?? {})).toEqual(["sluice.limit-answer"]);
  expect(answerOf(route, "rate")).toBeUndefined();
});

test.each<[Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
  [
    { "custom-response-code": "503" },
    { status: "503", type: "text/plain; charset=UTF-8", body: "sentinel rate limited" },
  ],
  [
    { "custom-response-body-type": "JSON" },
    { status: "429", type: "application/json; charset=UTF-8", body: "sentinel rate limited" },
  ],
  [
    { "custom-response-body-type": "Text", "custom-response-body": "100 % $busy %REQ(x)% ]]" },
    { status: "429", type: "text/plain; charset=UTF-8", body: "100 % $busy %REQ(x)% ]]" },
  ],
  [
    { "redirect-url": "https://example.com/busy?a=b" },
    { status: "302", location: "https://example.com/busy?a=b", body: "" },
  ],
  [
    { "redirect-url": "example.com/fallback" },
    { status: "302", location: "http://example.com/fallback", body: "" },
  ],
])("%j", (fallback, wanted) => {
  const prefixed = Object.entries(fallback).map(([ending, value]) => [`${FALLBACK}${ending}`, value]);
  const tried = tryFeature(rateLimit, { "rate-limit": "1", ...Object.fromEntries(prefixed) });
  expect(tried.findings).toEqual([]);
  expect(answerOf(tried.route(), "rate")).toEqual(wanted);
});

test("a redirect without a scheme has that of the request", () => {
  const tried = tryFeature(rateLimit, { "rate-limit": "1", [`${FALLBACK}redirect-url`]: "example.com" });
  expect(answerOf(tried.route({ https: true }), "rate")?.location).toBe("https://example.com");
});

test("a redirect wins over the keys of the response, reported", () => {
  const tried = tryFeature(rateLimit, {
    "rate-limit": "1",
    [`${FALLBACK}custom-response-code`]: "503",
    [`${FALLBACK}custom-response-body-type`]: "json",
    [`${FALLBACK}custom-response-body`]: "{}",
    [`${FALLBACK}redirect-url`]: "https://example.com",
  });
  expect(tried.findings).toEqual([
    `${FALLBACK}custom-response-code annotation-no-effect`,
    `${FALLBACK}custom-response-body-type annotation-no-effect`,
    `${FALLBACK}custom-response-body annotation-no-effect`,
  ]);
  expect(answerOf(tried.route(), "rate")).toMatchObject({ status: "302" });
});

test("without the limit they have no effect, reported", () => {
  const tried = tryFeature(rateLimit, { [`${FALLBACK}redirect-url`]: "https://example.com" });
  expect(tried.findings).toEqual([`${FALLBACK}redirect-url annotation-no-effect`]);
  expect(tried.route()).toEqual({ route: { cluster: "c" } });
});

test.each<[key: string, text: string]>([
  ["rate-limit", "0"],
  ["rate-limit", "-1"],
  ["rate-limit", "10r/s"],
  ["rate-limit", "1000001"],
])("%s: %j is bad: no limit", (key, text) => {
  const tried = tryFeature(rateLimit, { [key]: text });
  expect(tried).toMatchObject({ policy: undefined, findings: [`${key} annotation-value`] });
});

test.each<[ending: string, text: string]>([
  ["custom-response-code", "199"],
  ["custom-response-code", "600"],
  ["custom-response-code", "busy"],
  ["custom-response-body-type", "xml"],
  ["custom-response-body", "x".repeat(16 * 1024 + 1)],
  ["redirect-url", "ftp://example.com"],
  ["redirect-url", "https://example.com/$request_uri"],
  ["redirect-url", "example.com/a b"],
  ["redirect-url", "/busy"],
])("%s: %j is bad, and the limit holds", (ending, text) => {
  const tried = tryFeature(rateLimit, { "rate-limit": "1", [`${FALLBACK}${ending}`]: text });
  expect(tried.findings).toEqual([`${FALLBACK}${ending} annotation-value`]);
  expect(tried.route().route?.rateLimits).toHaveLength(1);
  expect(answerOf(tried.route(), "rate")).toBeUndefined();
});

test.each([
  [100, { perSecond: { requests: 100, multiplier: 1 } }],
  [1 / 3, { perSecond: { requests: 1 / 3, multiplier: 3 } }],
  [1 / 30, { perMinute: { requests: 2, multiplier: 1 } }],
  [1 / 100_000, { perMinute: { requests: 0.1, multiplier: 10 } }],
])("%d per second, as slowly as it goes", (perSecond, wanted) => {
  expect(slowestFill(perSecond)).toEqual(wanted);
});

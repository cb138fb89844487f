import { DEFAULT_GATEWAY_SETTINGS } from "@sluice/model";
import { expect, test } from "vitest";
import { concurrencyLimit } from "./concurrency-limit.ts";
import { tryFeature } from "./support/try-feature.ts";
import { answerOf } from "./testing/limit-answer-of.ts";

const FALLBACK = "concurrency-limit-fallback-";

test("requests are asked for at the beginning, and given back at the end", () => {
  const tried = tryFeature(concurrencyLimit, { "concurrency-limit": "5" });
  expect(tried.findings).toEqual([]);
  const begin = [
    { genericKey: { descriptorKey: "ingress", descriptorValue: "shop/web" } },
    { genericKey: { descriptorKey: "in_flight", descriptorValue: "5" } },
    { requestHeaders: { headerName: "x-request-id", descriptorKey: "request" } },
  ];
  const done = { genericKey: { descriptorKey: "done", descriptorValue: "true" } };
  expect(tried.route().route?.rateLimits).toEqual([
    { actions: begin },
    { stage: { value: 1 }, actions: [...begin, done], applyOnStreamDone: true },
  ]);
  expect(answerOf(tried.route(), "in-flight")).toBeUndefined();
});

test.each<[Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
  [
    { "custom-response-code": "200", "custom-response-body-type": "json", "custom-response-body": "{}" },
    { status: "200", type: "application/json; charset=UTF-8", body: "{}" },
  ],
  [{ "redirect-url": "http://example.com" }, { status: "302", location: "http://example.com", body: "" }],
])("%j", (fallback, wanted) => {
  const prefixed = Object.entries(fallback).map(([ending, value]) => [`${FALLBACK}${ending}`, value]);
  const tried = tryFeature(concurrencyLimit, { "concurrency-limit": "1", ...Object.fromEntries(prefixed) });
  expect(tried.findings).toEqual([]);
  expect(answerOf(tried.route(), "in-flight")).toEqual(wanted);
});

test("fallbacks without the limit, and beside a redirect, have no effect, reported", () => {
  expect(tryFeature(concurrencyLimit, { [`${FALLBACK}custom-response-body`]: "x" })).toMatchObject({
    policy: undefined,
    findings: [`${FALLBACK}custom-response-body annotation-no-effect`],
  });
  const both = tryFeature(concurrencyLimit, {
    "concurrency-limit": "1",
    [`${FALLBACK}custom-response-code`]: "503",
    [`${FALLBACK}redirect-url`]: "example.com",
  });
  expect(both.findings).toEqual([`${FALLBACK}custom-response-code annotation-no-effect`]);
});

test.each<[key: string, text: string]>([
  ["concurrency-limit", "0"],
  ["concurrency-limit", "1.5"],
  [`${FALLBACK}custom-response-code`, "42"],
  [`${FALLBACK}custom-response-body-type`, "html"],
  [`${FALLBACK}custom-response-body`, "x".repeat(20_000)],
  [`${FALLBACK}redirect-url`, "javascript:alert(1)"],
])("%s: %j is bad, and ignored", (key, text) => {
  const tried = tryFeature(concurrencyLimit, { "concurrency-limit": "1", [key]: text });
  expect(tried.findings).toEqual([`${key} annotation-value`]);
  expect(tried.route().route?.rateLimits).toEqual(
    key === "concurrency-limit" ? undefined : expect.objectContaining({ length: 2 }),
  );
});

test("the filters count under the gateway's name, and what is over a client's limit has the operator's status", () => {
  const filters = (settings: object) =>
    concurrencyLimit.httpFilters?.({ ...DEFAULT_GATEWAY_SETTINGS, ...settings }) ?? [];
  expect(filters({}).map(({ name, disabled }) => [name, disabled])).toEqual([
    ["sluice.limit-answer", undefined],
    // Ends what was begun also for a client that left while the other filter asked.
    ["sluice.limit-end", false],
    ["envoy.filters.http.ratelimit", false],
  ]);
  const [answer, count] = filters({ name: "edge", clientLimitStatus: 429 });
  expect(Buffer.from(answer?.typedConfig?.value ?? []).toString()).toContain(
    'status = "429", type = "text/plain",',
  );
  expect(Buffer.from(count?.typedConfig?.value ?? []).toString()).toContain("edge");
});

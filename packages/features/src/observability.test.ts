import { expect, test } from "vitest";
import { observability } from "./observability.ts";
import { tryFeature } from "./support/try-feature.ts";

const NONE = { numerator: 0 };

test.each<[Record<string, string>, object]>([
  [{ "enable-access-log": "true" }, {}],
  [
    { "enable-access-log": "false" },
    { metadata: { filterMetadata: { "sluice.access-log": { fields: { off: { boolValue: true } } } } } },
  ],
  [
    { "enable-opentelemetry": "false" },
    { tracing: { clientSampling: NONE, randomSampling: NONE, overallSampling: NONE } },
  ],
  [
    { "enable-opentelemetry": "true" },
    { tracing: { clientSampling: NONE, randomSampling: { numerator: 100 } } },
  ],
  [{ "opentelemetry-trust-incoming-span": "true" }, {}],
  [
    { "opentelemetry-operation-name": "check out 100%" },
    { decorator: { operation: "check out 100%", propagate: { value: false } } },
  ],
])("%j writes %j, on answers of the gateway's own too", (annotations, expected) => {
  const tried = tryFeature(observability, annotations);
  expect(tried.findings).toEqual([]);
  expect(tried.route()).toEqual({ route: { cluster: "c" }, ...expected });
  const answer = { match: { prefix: "/" }, directResponse: { status: 301 } };
  const context = {
    routeName: "r",
    policies: {},
    path: { kind: "prefix", value: "/" },
    https: false,
  } as const;
  expect(observability.answers?.(answer, tried.policy, context)).toEqual([{ ...answer, ...expected }]);
});

test("enable-opentelemetry true keeps the gateway's rate", () => {
  const { policy } = tryFeature(observability, { "enable-opentelemetry": "true" });
  const tracing = { randomSampling: { numerator: 5 } };
  const route = { match: { prefix: "/" }, directResponse: { status: 301 }, tracing };
  const context = {
    routeName: "r",
    policies: {},
    path: { kind: "prefix", value: "/" },
    https: false,
  } as const;
  expect(observability.answers?.(route, policy, context)).toEqual([route]);
});

test.each([
  ["enable-access-log", "off"],
  ["enable-opentelemetry", "on"],
  ["opentelemetry-trust-incoming-span", "no"],
  ["opentelemetry-operation-name", "$request_uri"],
  ["opentelemetry-operation-name", "a\tb"],
  ["opentelemetry-operation-name", "x".repeat(201)],
])("%s: %j is bad", (key, text) => {
  const tried = tryFeature(observability, { [key]: text });
  expect([tried.policy, tried.findings]).toEqual([undefined, [`${key} annotation-value`]]);
});

test("not to trust a client's trace has no effect, reported", () => {
  const tried = tryFeature(observability, { "opentelemetry-trust-incoming-span": "false" });
  expect([tried.policy, tried.findings]).toEqual([
    undefined,
    ["opentelemetry-trust-incoming-span annotation-no-effect"],
  ]);
});

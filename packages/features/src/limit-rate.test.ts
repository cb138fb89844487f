import { decode, type HTTPFault } from "@sluice/protos";
import { expect, test } from "vitest";
import { limitRate } from "./limit-rate.ts";
import { tryFeature } from "./support/try-feature.ts";

test("slows every response of the route down", () => {
  const tried = tryFeature(limitRate, { "limit-rate": "512", "limit-rate-after": "0" });
  expect(tried.findings).toEqual([]);
  const config = tried.route().typedPerFilterConfig?.["sluice.limit-rate"];
  const fault: HTTPFault = decode(
    "envoy.extensions.filters.http.fault.v3.HTTPFault",
    config?.value ?? new Uint8Array(),
  );
  expect(fault.responseRateLimit).toMatchObject({ fixedLimit: { limitKbps: 512 } });
  expect(fault.responseRateLimit?.percentage?.numerator).toBe(100);
});

test.each([{}, { "limit-rate": "0" }, { "limit-rate": " " }])("%j: no limit", (annotations) => {
  const tried = tryFeature(limitRate, annotations);
  expect(tried.findings).toEqual([]);
  expect(tried.route()).toEqual({ route: { cluster: "c" } });
});

test("limit-rate-after has no effect, reported", () => {
  const tried = tryFeature(limitRate, { "limit-rate": "512", "limit-rate-after": "100" });
  expect(tried.findings).toEqual(["limit-rate-after annotation-no-effect"]);
  expect(tried.policy).toEqual({ rate: 512 });
});

test.each(["-1", "1k", "1.5", "100000001", "$rate"])("%j is bad", (text) => {
  for (const key of Object.keys(limitRate.keys))
    expect(tryFeature(limitRate, { [key]: text })).toMatchObject({
      policy: undefined,
      findings: [`${key} annotation-value`],
    });
});

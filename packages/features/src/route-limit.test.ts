import { DEFAULT_GATEWAY_SETTINGS } from "@sluice/model";
import { decode, type LocalRateLimit } from "@sluice/protos";
import { expect, test } from "vitest";
import { routeLimit } from "./route-limit.ts";
import { tryFeature } from "./support/try-feature.ts";
import { limitMetadata } from "./testing/limit-metadata.ts";

const FILTER = "sluice.route-limit";

test.each<[Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
  [{ "route-limit-rps": "10" }, { "perSecond.fill": "5", "perSecond.cost": "20000000" }],
  [
    { "route-limit-rps": "1", "route-limit-burst-multiplier": "1" },
    { "perSecond.fill": "1", "perSecond.cost": "1000000000" },
  ],
  [
    { "route-limit-rps": "1000000", "route-limit-burst-multiplier": "10" },
    { "perSecond.fill": "10", "perSecond.cost": "100" },
  ],
  [
    { "route-limit-rpm": "60", "route-limit-burst-multiplier": "2" },
    { "perMinute.fill": "120", "perMinute.cost": "8333333" },
  ],
])("%j", (annotations, wanted) => {
  const tried = tryFeature(routeLimit, annotations);
  expect(tried.findings).toEqual([]);
  expect(limitMetadata(tried.route(), FILTER)).toEqual({ id: "shop/web", ...wanted });
});

test("without a limit a route stays as it is", () => {
  for (const annotations of [{}, { "route-limit-burst-multiplier": "3" }])
    expect(tryFeature(routeLimit, annotations).route()).toEqual({ route: { cluster: "c" } });
});

test("a multiplier alone has no effect, reported", () => {
  const { findings } = tryFeature(routeLimit, { "route-limit-burst-multiplier": "3" });
  expect(findings).toEqual(["route-limit-burst-multiplier annotation-no-effect"]);
});

test("by the minute beats by the second, reported", () => {
  const tried = tryFeature(routeLimit, { "route-limit-rps": "9", "route-limit-rpm": "1" });
  expect(Object.keys(limitMetadata(tried.route(), FILTER))).not.toContain("perSecond.cost");
  expect(tried.findings).toEqual(["route-limit-rps annotation-no-effect"]);
});

test("a large multiplier is cut, reported", () => {
  const tried = tryFeature(routeLimit, { "route-limit-rps": "1", "route-limit-burst-multiplier": "11" });
  expect(limitMetadata(tried.route(), FILTER)).toMatchObject({ "perSecond.fill": "10" });
  expect(tried.findings).toEqual(["route-limit-burst-multiplier annotation-value"]);
});

test.each(["0", "-1", "1.5", "1r/s", "1000001", "ten"])("%j is bad", (text) => {
  for (const key of ["route-limit-rps", "route-limit-rpm"])
    expect(tryFeature(routeLimit, { [key]: text })).toMatchObject({
      policy: undefined,
      findings: [`${key} annotation-value`],
    });
});

test("there is a bucket for every time to fill, and its refill is the limit", () => {
  const [filter] = routeLimit.httpFilters?.(DEFAULT_GATEWAY_SETTINGS) ?? [];
  expect(filter).toMatchObject({ name: FILTER, disabled: false });
  const bytes = filter?.typedConfig?.value ?? new Uint8Array();
  const config: LocalRateLimit = decode(
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
    bytes,
  );
  expect(config.descriptors?.map(({ entries }) => entries?.[0]?.value)).toEqual([
    ...Array.from({ length: 10 }, (_, index) => `${index + 1}`),
    ...Array.from({ length: 10 }, (_, index) => `${(index + 1) * 60}`),
  ]);
  // 60 a minute with multiplier 2 is one a second.
  const bucket = config.descriptors?.find(({ entries }) => entries?.[0]?.value === "120")?.tokenBucket;
  expect(bucket?.tokensPerFill?.value).toBe(8_333_333);
});

import { ipNoteConfig } from "@sluice/feature-api";
import { expect, test } from "vitest";
import { clientLimit } from "./client-limit.ts";
import { tryFeature } from "./support/try-feature.ts";
import { limitMetadata } from "./testing/limit-metadata.ts";

const FILTER = "sluice.client-limit";

test("both limits apply, with one multiplier", () => {
  const tried = tryFeature(clientLimit, {
    "limit-rps": "10",
    "limit-rpm": "100",
    "limit-burst-multiplier": "2",
  });
  expect(tried.findings).toEqual([]);
  expect(limitMetadata(tried.route(), FILTER)).toEqual({
    id: "shop/web",
    "perSecond.fill": "2",
    "perSecond.cost": "50000000",
    "perMinute.fill": "120",
    "perMinute.cost": "5000000",
  });
  expect(tried.route().typedPerFilterConfig).toBeUndefined();
});

test.each(["limit-allowlist", "limit-whitelist"])("%s says who is not limited", (key) => {
  const tried = tryFeature(clientLimit, { "limit-rps": "1", [key]: "10.0.0.1, 2001:db8::/32" });
  expect(tried.findings).toEqual([]);
  expect(tried.route().typedPerFilterConfig).toEqual({
    "sluice.client-limit-allowlist": ipNoteConfig(["10.0.0.1/32", "2001:db8::/32"]),
  });
});

test.each([{}, { "limit-rps": "0" }, { "limit-burst-multiplier": "3" }, { "limit-allowlist": "10.0.0.1" }])(
  "%j: no limit",
  (annotations) => {
    const tried = tryFeature(clientLimit, annotations);
    expect(tried.findings).toEqual([]);
    expect(tried.route()).toEqual({ route: { cluster: "c" } });
  },
);

test.each<[key: string, text: string]>([
  ["limit-rps", "-1"],
  ["limit-rpm", "1r/m"],
  ["limit-burst-multiplier", "1.5"],
  ["limit-allowlist", "10.0.0.1, x"],
  ["limit-connections", "x"],
])("%s: %j is bad, and the rest holds", (key, text) => {
  const good = key === "limit-rpm" ? { "limit-rps": "1" } : { "limit-rpm": "1" };
  const tried = tryFeature(clientLimit, { ...good, [key]: text });
  expect(tried.findings).toEqual([`${key} annotation-value`]);
  expect(limitMetadata(tried.route(), FILTER)).toMatchObject({ id: "shop/web" });
});

test("a large multiplier is cut; 0 is the default", () => {
  const cut = tryFeature(clientLimit, { "limit-rps": "1", "limit-burst-multiplier": "99" });
  expect(limitMetadata(cut.route(), FILTER)).toMatchObject({ "perSecond.fill": "10" });
  expect(cut.findings).toEqual(["limit-burst-multiplier annotation-value"]);
  const none = tryFeature(clientLimit, { "limit-rps": "1", "limit-burst-multiplier": "0" });
  expect(limitMetadata(none.route(), FILTER)).toMatchObject({ "perSecond.fill": "5" });
});

test("limit-connections is counted by client, but for those on the list", () => {
  const limits = (more: Readonly<Record<string, string>>) =>
    tryFeature(clientLimit, { "limit-connections": "3", ...more }).route().route?.rateLimits ?? [];
  const begin = [
    { genericKey: { descriptorKey: "ingress", descriptorValue: "shop/web" } },
    { genericKey: { descriptorKey: "in_flight_here", descriptorValue: "3" } },
    { remoteAddress: {} },
  ];
  const request = { requestHeaders: { headerName: "x-request-id", descriptorKey: "request" } };
  expect(limits({})[0]).toEqual({ actions: [...begin, request] });
  expect(limits({})[1]).toMatchObject({ applyOnStreamDone: true });
  const [listed] = limits({ "limit-allowlist": "10.0.0.1" });
  expect(listed?.actions?.map((action) => action.metadata?.descriptorKey)).toContain("exempt");
});

test("limit-connections alone needs no bucket, and 0 is no limit", () => {
  const tried = tryFeature(clientLimit, { "limit-connections": "1" });
  expect(tried.findings).toEqual([]);
  expect(limitMetadata(tried.route(), FILTER)).toEqual({});
  expect(tryFeature(clientLimit, { "limit-connections": "0" })).toMatchObject({
    policy: undefined,
    findings: [],
  });
});

test.each(["limit-allowlist", "limit-whitelist"])("%s with a bad item limits everyone, reported", (key) => {
  const tried = tryFeature(clientLimit, { "limit-rps": "1", [key]: "10.0.0.0/8, nobody" });
  expect(tried.findings).toEqual([`${key} annotation-value`]);
  expect(tried.route()).toEqual(tryFeature(clientLimit, { "limit-rps": "1" }).route());
});

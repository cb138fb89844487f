import { DEFAULT_GATEWAY_SETTINGS } from "@sluice/model";
import { decode } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { bodySize } from "./body-size.ts";
import { tryFeature } from "./support/try-feature.ts";

const BUFFER = "envoy.extensions.filters.http.buffer.v3.BufferPerRoute";

/** What a route says: the limit, and how much of bodies without a length, and of others, is held. */
function written(annotations: Readonly<Record<string, string>>) {
  const tried = tryFeature(bodySize, annotations);
  const { metadata, typedPerFilterConfig = {} } = tried.route();
  const held = (name: string) => {
    const value = typedPerFilterConfig[name]?.value;
    return value === undefined ? undefined : decode(BUFFER, value).buffer?.maxRequestBytes?.value;
  };
  return {
    findings: tried.findings,
    limit: metadata?.filterMetadata?.["sluice.body-size"]?.fields?.bytes?.numberValue,
    checked: "sluice.body-size" in typedPerFilterConfig,
    unsized: held("sluice.body-size.unsized"),
    sized: held("sluice.request-buffering"),
  };
}

const NOTHING = { findings: [], limit: undefined, checked: false, unsized: undefined, sized: undefined };

test.each<[Record<string, string>, object]>([
  [{ "proxy-body-size": "8k" }, { limit: 8192, checked: true, unsized: 8192 }],
  [{ "proxy-body-size": "1" }, { limit: 1, checked: true, unsized: 1 }],
  [{ "proxy-body-size": "10G" }, { limit: 10 * 1024 ** 3, checked: true, unsized: 99_999_999 }],
  [{ "proxy-body-size": "0" }, {}],
  [{ "proxy-body-size": "0m" }, {}],
  [{}, {}],
  [{ "proxy-request-buffering": "off" }, {}],
  [{ "proxy-request-buffering": "on" }, { sized: 99_999_999 }],
  [
    { "proxy-request-buffering": "on", "proxy-body-size": "1m" },
    { limit: 1_048_576, checked: true, unsized: 1_048_576, sized: 99_999_999 },
  ],
])("%j", (annotations, expected) => {
  expect(written(annotations)).toEqual({ ...NOTHING, ...expected });
});

describe("bad values are reported and do nothing", () => {
  test.each([
    ["proxy-body-size", "8 m"],
    ["proxy-body-size", "-1"],
    ["proxy-body-size", "unlimited"],
    ["proxy-request-buffering", "true"],
    ["proxy-request-buffering", "ON"],
  ])("%s: %j", (key, text) => {
    expect(written({ [key]: text })).toEqual({ ...NOTHING, findings: [`${key} annotation-value`] });
  });
});

test("three filters, which routes enable by name", () => {
  expect(bodySize.httpFilters?.(DEFAULT_GATEWAY_SETTINGS).map(({ name }) => name)).toEqual([
    "sluice.body-size.unsized",
    "sluice.body-size",
    "sluice.request-buffering",
  ]);
});

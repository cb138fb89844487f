import type { References } from "@sluice/feature-api";
import { expect, test } from "vitest";
import { customHeaders } from "./custom-headers.ts";
import { NO_REFERENCES, parse } from "./testing/feature-bench.ts";

const KEY = "custom-headers";

function withData(data: Readonly<Record<string, string>>): References {
  const metadata = { namespace: "shop", name: "headers", labels: {}, annotations: {} };
  return { ...NO_REFERENCES, configMap: () => ({ found: { kind: "ConfigMap", metadata, data } }) };
}

test("the data of the ConfigMap are headers of answers, literally", () => {
  const { policy, found } = parse(
    customHeaders,
    { [KEY]: "headers" },
    withData({ "X-A": "100%", "x-b": " " }),
  );
  expect(found).toEqual([]);
  const out = { match: { prefix: "/" }, route: { cluster: "c" } };
  const context = {
    routeName: "r",
    policies: {},
    path: { kind: "prefix", value: "/" },
    https: false,
  } as const;
  customHeaders.route?.(out, policy, context);
  const headers = [
    { header: { key: "x-a", value: "100%%" }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" },
    { header: { key: "x-b", value: "" }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD", keepEmptyValue: true },
  ];
  expect(out).toMatchObject({ responseHeadersToAdd: headers });
  const answer = { match: { prefix: "/" }, directResponse: { status: 301 } };
  expect(customHeaders.answers?.(answer, policy, context)).toMatchObject([{ responseHeadersToAdd: headers }]);
  expect(customHeaders.answers?.(answer, undefined, context)).toEqual([answer]);
});

test.each([
  [{ "x a": "b" }, undefined],
  [{ Host: "b", "x-b": "1" }, [{ name: "x-b", value: "1" }]],
  [{ "Content-Length": "5" }, undefined],
  [{ "x-a": "b\nc" }, undefined],
])("%j: what cannot be a header is skipped and reported", (data, policy) => {
  const parsed = parse(customHeaders, { [KEY]: "headers" }, withData(data));
  expect(parsed.policy).toEqual(policy);
  expect(parsed.found).toEqual([`annotation-value ${KEY}`]);
  expect(parsed.diagnostics[0]?.value).toBe(Object.keys(data)[0]);
});

test("more headers than a route can have are cut off, reported", () => {
  const data = Object.fromEntries(Array.from({ length: 401 }, (_, n) => [`x-${n}`, "1"]));
  const { policy, found } = parse(customHeaders, { [KEY]: "headers" }, withData(data));
  expect([policy, found]).toEqual([expect.objectContaining({ length: 400 }), [`annotation-value ${KEY}`]]);
});

test("a ConfigMap that cannot be had is a bad value", () => {
  const { policy, found, diagnostics } = parse(customHeaders, { [KEY]: "none" });
  expect([policy, found]).toEqual([undefined, [`annotation-value ${KEY}`]]);
  expect(diagnostics[0]?.expected).toBe("there is none");
});

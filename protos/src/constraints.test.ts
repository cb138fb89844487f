import { describe, expect, test } from "vitest";
import { any, checkConstraints, encode, type Route, TYPE_URLS, type VirtualHost } from "./index.ts";

const ROUTE: Route = { match: { prefix: "/" }, route: { cluster: "c" } };
const HOST: VirtualHost = { name: "v", domains: ["*"], routes: [ROUTE] };

function found(host: VirtualHost): string[] {
  return checkConstraints(TYPE_URLS.VIRTUAL_HOST, host).map(({ path, rule }) => `${path}: ${rule}`);
}

function withRoute(route: Route): VirtualHost {
  return { ...HOST, routes: [ROUTE, route] };
}

function withHeader(key: string, value: string): VirtualHost {
  return { ...HOST, requestHeadersToAdd: [{ header: { key, value } }] };
}

describe("accepts", () => {
  test.each<[string, VirtualHost]>([
    ["a plain host", HOST],
    ["a regex", withRoute({ match: { safeRegex: { regex: "^/a(?P<x>b|c)*$" } }, redirect: {} })],
    ["a status at its bound", withRoute({ match: { path: "/" }, directResponse: { status: 599 } })],
    ["header text beyond ASCII", withHeader("x-a", "é\t%REQ(x)%")],
    [
      "an Any of an unknown type",
      { ...HOST, typedPerFilterConfig: { x: { typeUrl: "a/no.Such", value: new Uint8Array([255]) } } },
    ],
    [
      "a wrapper that is absent",
      withRoute({
        ...ROUTE,
        route: { cluster: "c", retryPolicy: { retryBackOff: { baseInterval: { seconds: 1 } } } },
      }),
    ],
  ])("%s", (_, host) => {
    expect(found(host)).toEqual([]);
  });
});

describe("finds", () => {
  test.each<[string, VirtualHost, string[]]>([
    ["missing and empty fields", {}, ["name: string.min_len", "domains: repeated.min_items"]],
    ["a rule on items", { ...HOST, domains: ["a", "b\n"] }, ["domains[1]: string.well_known_regex"]],
    [
      "a oneof with no member",
      withRoute({ match: {}, route: { cluster: "c" } }),
      ["routes[1].match: oneof.required"],
    ],
    ["a missing message", withRoute({ route: { cluster: "c" } }), ["routes[1].match: required"]],
    [
      "a number out of range",
      withRoute({ match: { path: "/" }, directResponse: { status: 600 } }),
      ["routes[1].directResponse.status: uint32.lt"],
    ],
    [
      "an absent number below its bound",
      withRoute({ match: { path: "/" }, directResponse: {} }),
      ["routes[1].directResponse.status: uint32.gte"],
    ],
    [
      "a duration at its bound",
      withRoute({ ...ROUTE, route: { cluster: "c", retryPolicy: { retryBackOff: { baseInterval: {} } } } }),
      ["routes[1].route.retryPolicy.retryBackOff.baseInterval: duration.gt"],
    ],
    [
      "text that does not match",
      withRoute({ match: { pathSeparatedPrefix: "/a/" }, redirect: {} }),
      ["routes[1].match.pathSeparatedPrefix: string.pattern"],
    ],
    [
      "too many bytes",
      { ...HOST, requestHeadersToAdd: [{ header: { key: "k", value: "é".repeat(8193) } }] },
      ["requestHeadersToAdd[0].header.value: string.max_bytes"],
    ],
    [
      "a rule in a map's value",
      {
        ...HOST,
        typedPerFilterConfig: {
          "a.b": any("envoy.extensions.filters.http.buffer.v3.BufferPerRoute", { buffer: {} }),
        },
      },
      ['typedPerFilterConfig["a.b"].buffer.maxRequestBytes: required'],
    ],
    [
      "an Any that does not hold its type",
      {
        ...HOST,
        typedPerFilterConfig: { a: { typeUrl: TYPE_URLS.CLUSTER, value: new Uint8Array([10, 127]) } },
      },
      ['typedPerFilterConfig["a"]: any'],
    ],
    [
      "a pattern that is not RE2",
      withRoute({ match: { safeRegex: { regex: "(?=a)" } }, redirect: {} }),
      ["routes[1].match.safeRegex.regex: re2"],
    ],
    [
      "a header name with a space",
      withHeader("a b", "v"),
      ["requestHeadersToAdd[0].header.key: header.name"],
    ],
    ["a control character", withHeader("a", "\u0001"), ["requestHeadersToAdd[0].header.value: header.value"]],
    [
      "a line break",
      withHeader("a", "b\r\nc: d"),
      ["requestHeadersToAdd[0].header.value: string.well_known_regex"],
    ],
    ["a pseudo header", withHeader(":path", "/"), ["requestHeadersToAdd[0].header.key: header.protected"]],
    [
      "host in any case",
      { ...HOST, responseHeadersToRemove: ["x", "Host"] },
      ["responseHeadersToRemove[1]: header.protected"],
    ],
  ])("%s", (_, host, expected) => {
    expect(found(host)).toEqual(expected);
    // Bytes that are on their way to an Envoy get the same verdict.
    expect(
      checkConstraints(TYPE_URLS.VIRTUAL_HOST, encode(TYPE_URLS.VIRTUAL_HOST, host)).map(
        ({ path, rule }) => `${path}: ${rule}`,
      ),
    ).toEqual(expected);
  });

  test("wrapped 64-bit numbers out of range", () => {
    const cluster = { name: "c", maglevLbConfig: { tableSize: { value: "5000012" } } };
    expect(checkConstraints(TYPE_URLS.CLUSTER, cluster)).toMatchObject([
      { path: "maglevLbConfig.tableSize.value", rule: "uint64.lte" },
    ]);
  });

  test("an enum value that is not known", () => {
    const broken = { name: "c", lbPolicy: 99 };
    expect(checkConstraints<string>(TYPE_URLS.CLUSTER, broken).map(({ rule }) => rule)).toEqual([
      "enum.defined_only",
    ]);
  });
});

test("a message that is wrong does not show secrets", () => {
  const secret = "s3cr3t";
  const filter = any("envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth", {
    credentials: [{ key: secret }],
  });
  const violations = checkConstraints(TYPE_URLS.VIRTUAL_HOST, {
    ...HOST,
    typedPerFilterConfig: { a: filter },
  });
  expect(violations).toMatchObject([
    { path: 'typedPerFilterConfig["a"].credentials[0].client', rule: "string.min_len" },
  ]);
  expect(JSON.stringify(violations)).not.toContain(secret);
});

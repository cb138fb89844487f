import { decode, TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { chainTable, HTTP_TABLE, HTTPS_TABLE } from "./route-table.ts";
import { feature, host, origin, route, xdsWith } from "./testing/models.ts";

const decoded = (bytes: Uint8Array) => decode(TYPE_URLS.ROUTE_CONFIGURATION, bytes);

test("a table takes its hosts by VHDS, and the table of a chain answers 421 for all others", () => {
  const xds = xdsWith();
  const shared = decoded(xds.routeConfiguration(HTTPS_TABLE).bytes);
  expect(shared.virtualHosts ?? []).toEqual([]);
  expect(shared.vhds?.configSource?.ads).toEqual({});
  const chain = decoded(xds.routeConfiguration(chainTable("shop/tls")).bytes);
  expect(chain.name).toBe("https/shop/tls");
  expect(chain.virtualHosts).toMatchObject([
    { domains: ["*"], routes: [{ directResponse: { status: 421 } }] },
  ]);
});

test("backends are told scheme and public port", () => {
  const xds = xdsWith([], { https: { address: "::", port: 8443, publicPort: 443 } });
  const told = (table: typeof HTTP_TABLE) =>
    Object.fromEntries(
      (decoded(xds.routeConfiguration(table).bytes).requestHeadersToAdd ?? []).map(({ header }) => [
        header?.key,
        header?.value,
      ]),
    );
  expect(told(HTTP_TABLE)).toMatchObject({ "x-forwarded-port": "8080", "x-scheme": "http" });
  expect(told(HTTPS_TABLE)).toMatchObject({ "x-forwarded-port": "443", "x-forwarded-scheme": "https" });
});

test("HSTS is on https alone, and off unless set", () => {
  const hsts = { maxAge: 60, includeSubDomains: true, preload: true };
  const answers = (xds: ReturnType<typeof xdsWith>, table: typeof HTTP_TABLE) =>
    decoded(xds.routeConfiguration(table).bytes).responseHeadersToAdd ?? [];
  expect(answers(xdsWith([], { hsts }), HTTP_TABLE)).toEqual([]);
  expect(answers(xdsWith(), HTTPS_TABLE)).toEqual([]);
  expect(answers(xdsWith([], { hsts }), HTTPS_TABLE)).toMatchObject([
    { header: { key: "strict-transport-security", value: "max-age=60; includeSubDomains; preload" } },
  ]);
});

test("features write defaults for all routes", () => {
  const xds = xdsWith([
    feature("names", {
      routeConfiguration: (out) => {
        out.internalOnlyHeaders = ["x-inside"];
      },
    }),
  ]);
  expect(decoded(xds.routeConfiguration(HTTP_TABLE).bytes).internalOnlyHeaders).toEqual(["x-inside"]);
});

test("inlined, a table is the same with its hosts in place of VHDS", () => {
  const xds = xdsWith();
  const table = chainTable("shop/tls");
  const configuration = xds.routeConfiguration(table);
  const hosts = ["a.test", "b.test"].map(
    (name) => xds.virtualHost(table, host(name, { routes: [route({ origins: [origin(name)] })] })).resource,
  );
  const inline = xds.inlineRouteConfiguration(configuration, hosts);
  const { vhds: _vhds, virtualHosts: own = [], ...shared } = decoded(configuration.bytes);
  expect(decoded(inline.bytes)).toEqual({
    ...shared,
    virtualHosts: [...own, ...hosts.map(({ bytes }) => decode(TYPE_URLS.VIRTUAL_HOST, bytes))],
  });
  expect(inline.name).toBe(configuration.name);
  expect(inline.dependsOn.map(({ typeUrl }) => typeUrl)).toEqual([
    TYPE_URLS.CLUSTER,
    TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT,
  ]);
  expect(inline.origins.map(({ object }) => object.name)).toEqual(["a.test", "b.test", "web"]);
});

test("address lists of the gateway are of every table, and never of a listener", () => {
  const without = xdsWith();
  const withLists = xdsWith([], { ipAccess: { allow: ["10.0.0.0/8"], deny: ["2001:db8::/32"] } });
  for (const table of [HTTP_TABLE, HTTPS_TABLE, chainTable("shop/tls")]) {
    const read = (xds: typeof without) =>
      decode(TYPE_URLS.ROUTE_CONFIGURATION, xds.routeConfiguration(table).bytes).typedPerFilterConfig;
    expect(read(without)).toBeUndefined();
    expect(Object.keys(read(withLists) ?? {})).toEqual(["sluice.ip-access"]);
  }
  expect(withLists.listeners([])).toEqual(without.listeners([]));
});

import type { TlsChain } from "@sluice/model";
import { any, decode, type HttpConnectionManager, TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { feature, origin, xdsWith } from "./testing/models.ts";

const MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

const chain = (certificate: string, ...hosts: string[]): TlsChain => ({
  name: certificate,
  certificate,
  hosts,
  origins: [origin(certificate)],
});

function https(xds: ReturnType<typeof xdsWith>, chains: readonly TlsChain[]) {
  const [, listener] = xds.listeners(chains);
  if (listener === undefined) throw new Error("no https listener");
  return { listener, message: decode(TYPE_URLS.LISTENER, listener.bytes) };
}

function managers(
  xds: ReturnType<typeof xdsWith>,
  chains: readonly TlsChain[] = [],
): HttpConnectionManager[] {
  return xds.listeners(chains).flatMap(({ bytes }) => {
    const { filterChains = [], defaultFilterChain } = decode(TYPE_URLS.LISTENER, bytes);
    return [...filterChains, ...(defaultFilterChain ? [defaultFilterChain] : [])].map((one) =>
      decode(MANAGER, one.filters?.[0]?.typedConfig?.value ?? new Uint8Array()),
    );
  });
}

test("a certificate has a chain with its hosts, secret and table", () => {
  const xds = xdsWith();
  const chains = [chain("shop/tls", "b.test", "a.test")];
  const { message, listener } = https(xds, chains);
  expect(message.filterChains).toMatchObject([
    { name: "https/shop/tls", filterChainMatch: { serverNames: ["a.test", "b.test"] } },
  ]);
  expect(message.defaultFilterChain?.name).toBe("https/default");
  expect(message.defaultFilterChain?.filterChainMatch).toBeUndefined();
  expect(listener.origins).toEqual([origin("shop/tls")]);
  expect(managers(xds, chains).map(({ rds }) => rds?.routeConfigName)).toEqual([
    "http",
    "https/shop/tls",
    "https",
  ]);
});

test("chains in any order, and chains kept from an earlier call, give equal bytes", () => {
  const all = [chain("b", "b.test"), chain("a", "a.test"), chain("c", "c.test")];
  const xds = xdsWith();
  const { listener } = https(xds, all);
  https(xds, all.slice(1));
  https(xds, [chain("a", "other.test")]);
  expect(https(xds, all.toReversed()).listener).toEqual(listener);
  expect(https(xdsWith(), all).listener).toEqual(listener);
});

test("a chain whose hosts changed is another chain", () => {
  const xds = xdsWith();
  https(xds, [chain("a", "a.test")]);
  const { message } = https(xds, [chain("a", "a.test", "b.test")]);
  expect(message.filterChains?.map((one) => one.filterChainMatch?.serverNames)).toEqual([
    ["a.test", "b.test"],
  ]);
});

test("filters run by stage, then id, disabled unless their feature says otherwise; the router is last", () => {
  const filter = (name: string, more = {}) => ({
    httpFilters: () => [
      { name, typedConfig: any("envoy.extensions.filters.http.cors.v3.Cors", {}), ...more },
    ],
  });
  const [http] = managers(
    xdsWith([
      feature("zebra", { stage: "cors", ...filter("z") }),
      feature("mutate", { stage: "mutate", ...filter("m") }),
      feature("ant", { stage: "cors", ...filter("a", { disabled: false }) }),
      feature("bare"),
    ]),
  );
  expect(http?.httpFilters?.map(({ name, disabled }) => [name, disabled ?? false])).toEqual([
    ["a", false],
    ["z", true],
    ["sluice.ip-access", false],
    ["m", true],
    ["envoy.filters.http.router", false],
  ]);
});

test("filters at the edge of a stage stand before and behind all others of it, whatever their features are called", () => {
  const typedConfig = any("envoy.extensions.filters.http.cors.v3.Cors", {});
  const edges = (["first", "last"] as const).map((edge) => ({
    stage: "limit" as const,
    edge,
    filter: { name: edge, typedConfig },
  }));
  const [http] = managers(
    xdsWith([
      feature("ant", { stage: "limit", httpFilters: () => [{ name: "a", typedConfig }] }),
      feature("mouse", { edgeFilters: () => edges }),
      feature("wasp", { stage: "waf", httpFilters: () => [{ name: "w", typedConfig }] }),
      feature("zebra", { stage: "limit", httpFilters: () => [{ name: "z", typedConfig }] }),
    ]),
  );
  expect(http?.httpFilters?.map(({ name, disabled }) => [name, disabled ?? false])).toEqual([
    ["w", true],
    ["first", true],
    ["a", true],
    ["z", true],
    ["last", true],
    ["sluice.ip-access", false],
    ["envoy.filters.http.router", false],
  ]);
});

test("a filter that the node lacks is not sent", () => {
  const cors = feature("cors", {
    stage: "cors",
    httpFilters: () => [{ name: "cors", typedConfig: any("envoy.extensions.filters.http.cors.v3.Cors", {}) }],
  });
  const typedConfig = any("envoy.extensions.filters.http.cors.v3.Cors", {});
  const edge = { stage: "authz", edge: "last", filter: { name: "edge", typedConfig } } as const;
  const lacks = ["envoy.extensions.filters.http.cors.v3.Cors"];
  const [http] = managers(xdsWith([cors, feature("edges", { edgeFilters: () => [edge] })], {}, lacks));
  expect(http?.httpFilters?.map(({ name }) => name)).toEqual([
    "sluice.ip-access",
    "envoy.filters.http.router",
  ]);
});

test("filters without a stage are a bug of their feature", () => {
  expect(() => xdsWith([feature("lost", { httpFilters: () => [{ name: "lost" }] })])).toThrow("lost");
});

test("old TLS versions bring the ciphers that they need", () => {
  const parameters = (minVersion: "TLSv1.0" | "TLSv1.2") => {
    const xds = xdsWith([], { tls: { minVersion, maxVersion: "TLSv1.3", ciphers: [] } });
    const bytes = https(xds, []).message.defaultFilterChain?.transportSocket?.typedConfig?.value;
    const context = decode(
      "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      bytes ?? new Uint8Array(),
    );
    return context.commonTlsContext?.tlsParams;
  };
  expect(parameters("TLSv1.0")?.cipherSuites).toContain("AES128-SHA");
  expect(parameters("TLSv1.2")).toEqual({
    tlsMinimumProtocolVersion: "TLSv1_2",
    tlsMaximumProtocolVersion: "TLSv1_3",
  });
});

test("what a client says of itself is removed, unless a trusted proxy may say it", () => {
  const early = (trustedHops: number) => {
    const [manager] = managers(xdsWith([], { trustedHops }));
    const value = manager?.earlyHeaderMutationExtensions?.[0]?.typedConfig?.value ?? new Uint8Array();
    const { mutations = [] } = decode(
      "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
      value,
    );
    return mutations.map(({ remove, removeOnMatch }) => remove ?? removeOnMatch?.keyMatcher?.prefix);
  };
  expect(early(0)).toEqual(expect.arrayContaining(["x-forwarded-", "ssl-client-", "proxy"]));
  expect(early(1)).toEqual(expect.arrayContaining(["ssl-client-", "proxy"]));
  expect(early(1)).not.toContain("x-forwarded-");
});

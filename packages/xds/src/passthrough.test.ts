import type { PassthroughChain } from "@sluice/model";
import { DEFAULT_GATEWAY_SETTINGS } from "@sluice/model";
import { decode, TYPE_URLS } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { createXds } from "./create-xds.ts";
import { feature } from "./testing/models.ts";

const PASSING = feature("passing", { passesTls: () => true, requires: ["tcp"] });

function chainsOf(
  passthroughs: readonly PassthroughChain[],
  options: { lacks?: boolean; deny?: string[] } = {},
) {
  const xds = createXds({
    features: [PASSING],
    settings: {
      ...DEFAULT_GATEWAY_SETTINGS,
      ...(options.deny && { ipAccess: { deny: options.deny } }),
    },
    capabilities: { has: () => options.lacks !== true },
  });
  const [, https] = xds.listeners([], passthroughs, [
    { typeUrl: TYPE_URLS.CLUSTER, name: "ns/web/443/passthrough" },
  ]);
  if (https === undefined) throw new Error("there is no https listener");
  const { filterChains = [] } = decode(TYPE_URLS.LISTENER, https.bytes);
  return { https, chains: filterChains };
}

/** The bytes of its configuration, in which texts stand as they are. */
function firstFilter(chains: ReturnType<typeof chainsOf>["chains"]): string {
  return Buffer.from(chains[0]?.filters?.[0]?.typedConfig?.value ?? []).toString("latin1");
}

const CHAIN: PassthroughChain = { host: "a.test", cluster: "ns/web/443/passthrough", origins: [] };

describe("a host whose TLS is passed on", () => {
  test("has a chain without TLS of the gateway's own, and the listener waits for its cluster", () => {
    const { https, chains } = chainsOf([CHAIN]);
    expect(chains).toMatchObject([
      {
        name: "passthrough/a.test",
        filterChainMatch: { serverNames: ["a.test"] },
        filters: [{ name: "envoy.filters.network.tcp_proxy" }],
      },
    ]);
    expect(chains[0]?.transportSocket).toBeUndefined();
    expect(https.dependsOn).toEqual([{ typeUrl: TYPE_URLS.CLUSTER, name: "ns/web/443/passthrough" }]);
  });

  test("with a wildcard looks at the number of labels", () => {
    const { chains } = chainsOf([{ ...CHAIN, host: "*.a.test" }]);
    expect(chains[0]?.filters?.map(({ name }) => name)).toEqual([
      "envoy.filters.network.rbac",
      "envoy.filters.network.tcp_proxy",
    ]);
    expect(firstFilter(chains)).toContain("(?i)[^.]+\\.a\\.test");
  });

  test("is behind the address lists of the gateway", () => {
    const { chains } = chainsOf([CHAIN], { deny: ["192.0.2.0/24"] });
    expect(chains[0]?.filters?.map(({ name }) => name)).toEqual([
      "envoy.filters.network.rbac",
      "envoy.filters.network.tcp_proxy",
    ]);
    expect(firstFilter(chains)).toContain("192.0.2.0");
  });

  test("has none where the node lacks what it takes", () => {
    expect(chainsOf([CHAIN], { lacks: true }).chains).toEqual([]);
  });
});

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type NodeInfo, type Peer, serveAds } from "@sluice/ads";
import { FakeEnvoy } from "@sluice/ads/testing";
import { features } from "@sluice/features";
import {
  DEFAULT_GATEWAY_SETTINGS,
  type GatewayDefinition,
  type KubeObject,
  type ListeningRules,
} from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { createStore } from "@sluice/store";
import { endpoint, ingress, service, slice, TEST_SETTINGS } from "@sluice/translate/testing";
import { gatewayUri } from "@sluice/xds-identity";
import { describe, expect, onTestFinished, test } from "vitest";
import { createGateways, type ServedGateway } from "./gateways.ts";

const { listens: _listens, httpsPort: _port, ...SHARED } = TEST_SETTINGS;

function setUp({ takesAnyNode = false }: { readonly takesAnyNode?: boolean } = {}) {
  const store = createStore({
    onError(name, key, error) {
      throw new Error(`${name} of ${key} failed`, { cause: error });
    },
  });
  const deleted: string[] = [];
  const gateways = createGateways({
    store,
    features,
    translate: SHARED,
    controller: "mse.alibabacloud.com/ingress",
    takesAnyNode,
    whenIdle: () => Promise.resolve(),
    onDeleted: (name) => deleted.push(name),
  });
  onTestFinished(() => gateways.stop());
  const set = (...objects: readonly KubeObject[]): void => store.apply({ set: objects, removed: [] });
  return { store, gateways, deleted, set };
}

function define(name: string, listens: ListeningRules, settings = {}): GatewayDefinition {
  return { name, listens, settings: { ...DEFAULT_GATEWAY_SETTINGS, ...settings } };
}

const OBJECTS: readonly KubeObject[] = [
  service("web"),
  slice("web", "web", [endpoint("10.0.0.1")]),
  ingress("shop", { rules: [["shop.test", [{}]]], ingressClass: "one" }),
  ingress("news", { rules: [["news.test", [{}]]], ingressClass: "two" }),
];

const hostsOf = (gateway: ServedGateway | undefined): string[] => [
  ...(gateway?.controlPlane.model.virtualHosts.keys() ?? []),
];

/** By key; the objects themselves, so that one that was made anew is told apart. */
const resourcesOf = (gateway: ServedGateway | undefined) =>
  new Map(gateway?.controlPlane.renderings()[0]?.resources);

function node(cluster: string): NodeInfo {
  return { id: "n", cluster, version: "", userAgent: "", extensions: [] };
}

describe("gateways", () => {
  test("come, change and go while others stay", () => {
    const { gateways, deleted, set } = setUp();
    gateways.set(define("a", { ingressClass: "one" }));
    set(...OBJECTS);
    gateways.set(define("b", { ingressClass: "two" }));
    expect(gateways.list().map((gateway) => [gateway.name, hostsOf(gateway)])).toEqual([
      ["a", ["shop.test"]],
      ["b", ["news.test"]],
    ]);
    const before = resourcesOf(gateways.get("b"));
    gateways.set(define("a", { ingressClass: "" }));
    expect(hostsOf(gateways.get("a"))).toEqual(["shop.test", "news.test"]);
    gateways.set(define("a", {}));
    expect(hostsOf(gateways.get("a"))).toEqual([]);
    expect(resourcesOf(gateways.get("a")).size).toBeGreaterThan(0);
    gateways.delete("a");
    gateways.delete("a");
    expect(deleted).toEqual(["a"]);
    expect(resourcesOf(gateways.get("b"))).toEqual(before);
    set(ingress("more", { rules: [["more.test", [{}]]], ingressClass: "two" }));
    expect(hostsOf(gateways.get("b"))).toEqual(["news.test", "more.test"]);
  });

  test("with other settings have other resources where it matters, and the very same elsewhere", () => {
    const { gateways, set } = setUp();
    gateways.set(define("a", { ingressClass: "one" }));
    set(...OBJECTS);
    const before = resourcesOf(gateways.get("a"));
    const next = { accessLog: "json" };
    gateways.set(define("a", { ingressClass: "one" }, next));
    const after = resourcesOf(gateways.get("a"));
    const changed = [...after].filter(([key, resource]) => before.get(key) !== resource);
    expect(changed.map(([, { typeUrl, name }]) => [typeUrl, name])).toEqual([
      [TYPE_URLS.LISTENER, "http"],
      [TYPE_URLS.LISTENER, "https"],
    ]);
    expect([...before.keys()]).toEqual([...after.keys()]);
    gateways.set(define("a", { ingressClass: "one" }, next));
    expect(resourcesOf(gateways.get("a"))).toEqual(after);
    gateways.set(define("a", { ingressClass: "one" }));
    expect([...resourcesOf(gateways.get("a")).values()].map(({ version }) => version)).toEqual(
      [...before.values()].map(({ version }) => version),
    );
  });

  test("let go of everything that they held", () => {
    const { gateways, store, set } = setUp();
    set(...OBJECTS);
    const before = [...store.graph.entries().values()].reduce((sum, count) => sum + count, 0);
    gateways.set(define("a", { ingressClass: "" }));
    gateways.delete("a");
    const after = [...store.graph.entries().values()].reduce((sum, count) => sum + count, 0);
    expect(after).toBe(before);
  });
});

test("a thousand gateways, added and deleted, leave nothing", async () => {
  const { gateways, store, set } = setUp();
  store.registerSource("test").synced();
  set(...OBJECTS);
  const entries = store.graph.entries();
  const made: WeakRef<object>[] = [];
  for (let at = 0; at < 1000; at++) {
    // Derivations hold on to the rules of listening, the gateway to everything else.
    const listens = { ingressClass: "" };
    gateways.set(define("a", listens));
    const gateway = gateways.get("a");
    if (gateway !== undefined) made.push(new WeakRef(gateway), new WeakRef(listens));
    gateways.delete("a");
  }
  expect(made.length).toBe(2000);
  const names = new Set([...entries.keys(), ...store.graph.entries().keys()]);
  for (const name of names)
    expect([name, store.graph.entries().get(name)]).toEqual([name, entries.get(name) ?? 0]);
  // A weak reference keeps what it refers to until the turn has ended.
  await new Promise(setImmediate);
  collectGarbage();
  // The last one may still be in a register.
  expect(made.filter((reference) => reference.deref() !== undefined).length).toBeLessThanOrEqual(2);
}, 120_000);

/** Node has no other way to ask for it than the flag that makes it a global of new contexts. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

describe("a node", () => {
  const peer = (name: string): Peer => ({ uris: [gatewayUri(name)], notAfter: 0, fingerprint: "" });

  test("gets the gateway that its cluster names", () => {
    const { gateways } = setUp();
    expect(gateways.place(node("a"))).toMatch(/names the gateway "a".*there is none so far; not all sources/);
    gateways.set(define("a", {}));
    gateways.set(define("b", {}));
    const world = (name: string) => gateways.get(name)?.controlPlane.renderings()[0]?.world;
    expect(gateways.of(node("b"))?.name).toBe("b");
    expect(gateways.place(node("c"))).toMatch(/there are: a, b/);
    expect(gateways.place(node("a"))).not.toBeTypeOf("string");
    expect(world("a")).not.toBe(world("b"));
  });

  test("with a certificate gets the gateway that the certificate is for, and no other", () => {
    const { gateways } = setUp();
    gateways.set(define("a", {}));
    gateways.set(define("b", {}));
    expect(gateways.place(node("a"), peer("a"))).not.toBeTypeOf("string");
    expect(gateways.place(node("a"), peer("b"))).toBeTypeOf("string");
    expect(gateways.place(node("a"), { ...peer("a"), uris: [] })).toBeTypeOf("string");
  });

  test("that is refused is told why on the wire, and comes in once its gateway is there", async () => {
    const { gateways, store } = setUp();
    store.registerSource("test").synced();
    gateways.set(define("a", {}));
    const ads = await serveAds({ address: "127.0.0.1:0", onNode: gateways.place });
    onTestFinished(() => ads.close());
    const connect = () => {
      const about = { cluster: "b" };
      const envoy = new FakeEnvoy({ address: ads.address, node: "envoy-1", about });
      onTestFinished(() => envoy.close());
      envoy.subscribe(TYPE_URLS.LISTENER);
      return envoy;
    };
    expect(await connect().ended()).toContain(
      'the node envoy-1 names the gateway "b" (node.cluster), which is not served here; there are: a',
    );
    gateways.set(define("b", {}));
    const received = await connect().accept(TYPE_URLS.LISTENER);
    expect([...received.resources.keys()].sort()).toEqual(["http", "https"]);
  });

  test("gets the one gateway of a process whatever its cluster, but for one with a certificate", () => {
    const { gateways } = setUp({ takesAnyNode: true });
    gateways.set(define("own", {}));
    expect(gateways.of(node("whatever"))?.name).toBe("own");
    expect(gateways.place(node("whatever"))).not.toBeTypeOf("string");
    expect(gateways.place(node("own"), peer("own"))).not.toBeTypeOf("string");
    expect(gateways.place(node("whatever"), peer("whatever"))).toBeTypeOf("string");
  });
});

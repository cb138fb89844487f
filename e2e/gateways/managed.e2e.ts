import { afterAll, beforeAll, expect, test } from "vitest";
import { ingress } from "../support/manifests.ts";
import { type ManagedRig, type OpenStream, startManagedRig } from "./managed-rig.ts";

const GROUP = "mse.alibabacloud.com";

function config(name: string, local: object = {}): object {
  return {
    apiVersion: `${GROUP}/v1alpha1`,
    kind: "MseIngressConfig",
    metadata: { name },
    spec: { ingress: { local } },
  };
}

function classOf(name: string, config: string): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name },
    spec: {
      controller: `${GROUP}/ingress`,
      parameters: { apiGroup: GROUP, kind: "MseIngressConfig", name: config },
    },
  };
}

let rig: ManagedRig;
beforeAll(async () => {
  rig = await startManagedRig();
  await rig.apply("a.yaml", config("a"));
  await rig.apply("b.yaml", config("b"));
  await rig.apply("class-a.yaml", classOf("one", "a"));
  await rig.apply("class-b.yaml", classOf("two", "b"));
  await rig.apply(
    "ingresses.yaml",
    ingress({ name: "shop", host: "shop.test", ingressClass: "one" }),
    ingress({ name: "news", host: "news.test", ingressClass: "two" }),
  );
  await rig.startEnvoy("a");
  await rig.startEnvoy("b");
});
afterAll(() => rig[Symbol.asyncDispose]());

const statuses = (host: string) => Promise.all(["a", "b"].map((gateway) => rig.status(gateway, host)));

/** Reads on, for longer than what had come before could last. */
async function goesOn(stream: OpenStream): Promise<void> {
  for (let piece = 0; piece < 100; piece++) await stream.next();
}

test("each Envoy serves the Ingresses of its own gateway", async () => {
  expect(await statuses("shop.test")).toEqual([200, 404]);
  expect(await statuses("news.test")).toEqual([404, 200]);
});

test("a class that points elsewhere, and rules that change, take effect at once, and hurt no connection", async () => {
  const stream = await rig.openStream("b", "news.test");
  await stream.next();
  await rig.apply("class-b.yaml", classOf("two", "a"));
  expect(await statuses("news.test")).toEqual([200, 404]);
  await rig.apply("a.yaml", config("a", { watchNamespace: "elsewhere" }));
  expect(await statuses("shop.test")).toEqual([404, 404]);
  await rig.apply("a.yaml", config("a"));
  await rig.apply("class-b.yaml", classOf("two", "b"));
  expect(await statuses("news.test")).toEqual([404, 200]);
  // A request that was taken goes on, although its route went and came back.
  await goesOn(stream);
  stream.close();
});

test("a node of a gateway that is not there is told which there are", async () => {
  const words = rig.gateway.gateways.place({
    id: "node-c",
    cluster: "c",
    version: "",
    userAgent: "",
    extensions: [],
  });
  expect(words).toBe(
    'the node node-c names the gateway "c" (node.cluster), which is not served here; there are: a, b',
  );
});

test("a deleted gateway sends its nodes away, and leaves the other's connections alone", async () => {
  const stream = await rig.openStream("b", "news.test");
  const before = rig.gateway.ads.nodes().find(({ info }) => info.cluster === "b");
  await rig.remove("a.yaml");
  await rig.gateway.ads.when((nodes) => nodes().every(({ info }) => info.cluster === "b"));
  expect(rig.gateway.gateways.list().map(({ name }) => name)).toEqual(["b"]);
  // It serves what it has, like any Envoy whose control plane is away.
  expect(await rig.status("a", "shop.test")).toBe(200);
  await goesOn(stream);
  const after = rig.gateway.ads.nodes().find(({ info }) => info.cluster === "b");
  expect(after?.connectedAt).toBe(before?.connectedAt);
  stream.close();
  expect(rig.gateway.gateways.diagnostics()).toMatchObject([
    { code: "ingress-gateway-missing", severity: "error", origin: { object: { name: "shop" } } },
  ]);

  await rig.apply("a.yaml", config("a", { ingressClass: "" }));
  await rig.gateway.ads.when((nodes) => nodes().some(({ info }) => info.cluster === "a"));
  await rig.gateway.ads.whenIdle();
  // Every Ingress, but for those whose class points at another gateway.
  expect(await statuses("shop.test")).toEqual([200, 404]);
  expect(await statuses("news.test")).toEqual([404, 200]);
});

import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { backend, gatewayRole, ingressObject } from "../kubernetes/objects.ts";
import { FAULTY_FEATURES } from "../refusal/faults.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** What an Ingress says that Envoy alone finds fault with; and the address of a Service of a load balancer. */

const shared = useCluster({ controllerManager: false });
const SERVICES = "/api/v1/namespaces/default/services";
const MERGE = "application/merge-patch+json";
let echo: EchoBackend;
let gateway: TestGateway;

interface Ingress extends KubeObject {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly object[] } };
}

beforeAll(async () => {
  const { cluster } = shared;
  echo = await startEcho({ name: "echo", host: "10.244.9.1" });
  const front = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "front" },
    spec: { type: "LoadBalancer", ports: [{ name: "http", port: 80 }] },
  };
  await cluster.api.apply(...gatewayRole("sluice"), ...backend("web", echo), front);
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" });
  gateway = await startTestGateway({
    settings: { kube: true, kubeconfig, publishService: "default/front" },
    extraFeatures: FAULTY_FEATURES,
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
});

const apply = (name: string, annotations: Readonly<Record<string, string>> = {}): Promise<unknown> =>
  shared.cluster.api.apply(
    ingressObject({
      name,
      host: `${name}.example`,
      paths: [{ path: "/", service: "web" }],
      annotations: { ...annotations },
    }),
  );

/** The Ingress as soon as it is as it should be. */
async function until(name: string, check: (ingress: Ingress) => boolean): Promise<Ingress> {
  const watch = `/apis/networking.k8s.io/v1/namespaces/default/ingresses?watch=1&fieldSelector=metadata.name=${name}`;
  for await (const event of shared.cluster.api.watch<Ingress>(watch))
    if (event.type !== "ERROR" && check(event.object)) return event.object;
  throw new Error("the watch has ended");
}

const says = (live: string) => (ingress: Ingress) =>
  ingress.metadata.annotations?.["sluice.dev/live"] === live;

test("an Ingress that Envoy refuses is live nowhere, says so in Envoy's words, and touches no other", async () => {
  await apply("good");
  const before = await until("good", says("1 on 1 of 1"));
  await apply("bad");
  await until("bad", says("1 on 1 of 1"));
  await apply("bad", { "test-route": "unknown-specifier" });
  const bad = await until("bad", says("1 on 0 of 1"));
  expect(bad.metadata.annotations?.["sluice.dev/live-reason"]).toMatch(/node e2e refused .*no-such-plugin/);
  await expect
    .poll(() => shared.cluster.kubectl(["describe", "ingress", "bad"]), { timeout: 20_000 })
    .toMatch(/Warning +NotLive .* is live on 0 of 1 nodes: node e2e refused .*no-such-plugin/);
  // Its earlier form serves on.
  for (const host of ["bad.example", "good.example"])
    expect((await gateway.request({ host })).status).toBe(200);
  const after = await until("good", () => true);
  expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  await apply("bad", { "test-route": "none" });
  await until("bad", says("1 on 1 of 1"));
});

test("Ingresses get the address that the cloud gives a Service of type LoadBalancer, and the next one", async () => {
  const { api } = shared.cluster;
  const give = (ip: string): Promise<unknown> =>
    api.send("PATCH", `${SERVICES}/front/status`, {
      body: { status: { loadBalancer: { ingress: [{ ip }] } } },
      contentType: MERGE,
    });
  const has = (ip: string) => (ingress: Ingress) =>
    JSON.stringify(ingress.status?.loadBalancer?.ingress) === JSON.stringify([{ ip }]);
  await apply("good");
  await give("192.0.2.7");
  await until("good", has("192.0.2.7"));
  await give("192.0.2.8");
  await until("good", has("192.0.2.8"));
});

import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { backend, gatewayRole, ingressObject } from "../kubernetes/objects.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** What a user sees with kubectl of what the gateway does with an Ingress. */

const shared = useCluster({ controllerManager: false });
let echo: EchoBackend;
let gateway: TestGateway;

interface Ingress extends KubeObject {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly object[] } };
}

beforeAll(async () => {
  const { cluster } = shared;
  echo = await startEcho({ name: "echo", host: "10.244.9.1" });
  await cluster.api.apply(...gatewayRole("sluice"), ...backend("web", echo));
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" });
  gateway = await startTestGateway({
    settings: { kube: true, kubeconfig, publishStatusAddress: ["192.0.2.7", "lb.example"] },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.kill();
});

/** The Ingress as soon as it is as it should be. */
async function until(name: string, check: (ingress: Ingress) => boolean): Promise<Ingress> {
  const watch = `/apis/networking.k8s.io/v1/namespaces/default/ingresses?watch=1&fieldSelector=metadata.name=${name}`;
  for await (const event of shared.cluster.api.watch<Ingress>(watch))
    if (event.type !== "ERROR" && check(event.object)) return event.object;
  throw new Error("the watch has ended");
}

function live({ metadata }: Ingress): string | undefined {
  return metadata.annotations?.["sluice.dev/live"];
}

test("an Ingress that is applied says that it is live, and where, and kubectl describe shows the Event", async () => {
  const { cluster } = shared;
  await cluster.api.apply(
    ingressObject({ name: "first", host: "first.example", paths: [{ path: "/", service: "web" }] }),
  );
  const ingress = await until("first", (one) => live(one) === "1 on 1 of 1");
  expect(ingress.status?.loadBalancer?.ingress).toEqual([{ ip: "192.0.2.7" }, { hostname: "lb.example" }]);
  expect((await gateway.request({ host: "first.example" })).status).toBe(200);
  await expect
    .poll(() => cluster.kubectl(["describe", "ingress", "first"]), { timeout: 20_000 })
    .toMatch(
      /Normal +Live +\S+ +sluice.dev\/controller +Generation 1 \(revision [0-9a-f]{12}\) is live on the only node\./,
    );
});

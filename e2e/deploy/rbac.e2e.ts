import { afterEach, beforeAll, expect, test } from "vitest";
import { echoDeployment } from "../cluster/manifests.ts";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject, secretObject } from "../kubernetes/objects.ts";
import { testCertificate } from "../support/certificate.ts";
import { answerOf } from "./answer.ts";
import { completeChart, helm, NAMESPACE, release, render, type Values } from "./chart.ts";
import { rightsOf } from "./rights.ts";

/** The chart for one namespace, with the fewest rights that it can have; install.e2e.ts has those for all. */

const shared = useCluster({ audit: true });
const PATIENCE = { timeout: 60_000, interval: 500 };
const PATHS = [{ path: "/", service: "echo" }];

beforeAll(async () => {
  completeChart();
  const { api } = shared.cluster;
  for (const name of [NAMESPACE, "shop"])
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const shop = [
    ...echoDeployment("echo", { replicas: 1 }),
    secretObject("shop-tls", await testCertificate("shop.example")),
    ingressObject({
      name: "shop",
      host: "shop.example",
      paths: PATHS,
      tls: [{ hosts: ["shop.example"], secretName: "shop-tls" }],
    }),
  ];
  await api.apply(...shop.map(inShop));
  // In the namespace default.
  await api.apply(ingressObject({ name: "outside", host: "outside.example", paths: PATHS }));
});

afterEach(async () => {
  await helm(["uninstall", "sluice", "--namespace", NAMESPACE, "--ignore-not-found"], {
    KUBECONFIG: shared.cluster.kubeconfig,
  });
});

function inShop(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace: "shop" } };
}

test.each([
  {
    topology: "sidecar",
    service: "sluice-gateway",
    // They have no namespace: it asks, and does without them.
    forbidden: ["ingressclasses", "mseingressconfigs", "namespaces"],
  },
  { topology: "managed", service: "sluice-mse", forbidden: ["namespaces"] },
])("topology $topology serves one namespace, and no right is missing", async (each) => {
  const values: Values = {
    topology: each.topology,
    replicas: 1,
    watchNamespace: ["shop"],
    rbac: { secrets: { names: ["shop-tls"] } },
    shutdown: { settleSeconds: 0, drainSeconds: 1 },
    envoy: { concurrency: 1 },
    managed: { ingressConfig: { spec: { common: { instance: { replicas: 1 } } } } },
  };
  await release("install", values, shared.cluster.kubeconfig);
  const path = ["-n", NAMESPACE, "-o", "jsonpath={.spec.clusterIP}", "--ignore-not-found"];
  const address = () => shared.cluster.kubectl(["get", "service", each.service, ...path]);
  const status = async (host: string) => (await answerOf(await address(), host)).status;
  await expect.poll(() => status("shop.example"), PATIENCE).toBe(308);
  expect(await status("outside.example")).toBe(404);
  const live = ["get", "ingress", "shop", "-n", "shop", "-o", "jsonpath={.metadata.annotations}"];
  await expect
    .poll(() => shared.cluster.kubectl(live), PATIENCE)
    .toContain('"sluice.dev/live":"1 on 1 of 1"');
  const { forbidden, ungranted } = rightsOf(shared.cluster, await render(values));
  expect({ forbidden, ungranted }).toEqual({ forbidden: each.forbidden, ungranted: [] });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { echoDeployment } from "../cluster/manifests.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject } from "../kubernetes/objects.ts";
import { clientLoop } from "../support/client-loop.ts";
import { CHART, completeChart, helm, NAMESPACE, type Values } from "./chart.ts";

/** The chart as a user has it: installed, asked, upgraded under load, and removed. */

const shared = useCluster();

/** One core for all of it: the drain is as short as it can be without losing a request. */
const QUICK: Values = {
  shutdown: { settleSeconds: 3, drainSeconds: 20 },
  envoy: { concurrency: 1, resources: { requests: { cpu: "10m" } } },
  service: { type: "ClusterIP" },
};

beforeAll(async () => {
  completeChart();
  const enforce = { "pod-security.kubernetes.io/enforce": "restricted" };
  await shared.cluster.api.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: enforce } },
    ...echoDeployment("echo", { replicas: 1 }),
    ingressObject({ name: "echo", host: "echo.example", paths: [{ path: "/", service: "echo" }] }),
  );
});

describe("topology sidecar", () => {
  test("serves an Ingress through its Service, is upgraded without a failed request, and leaves nothing", async () => {
    const { cluster } = shared;
    await withHelm("install", QUICK);
    await rolledOut("sluice-gateway");
    const address = await serviceAddress("sluice-gateway");
    await expect.poll(() => statusOf(address, "echo.example"), PATIENCE).toBe(200);
    expect(await statusOf(address, "other.example")).toBe(404);

    const load = clientLoop({ address, port: 80, host: "echo.example", perSecond: 100 });
    await expect.poll(load.answered, PATIENCE).toBeGreaterThan(100);
    await withHelm("upgrade", { ...QUICK, podAnnotations: { "example.com/version": "2" } });
    await rolledOut("sluice-gateway");
    // The old Pods go on serving whom they have until they have drained.
    await expect.poll(() => podsOf("gateway"), PATIENCE).toBe(2);
    const seen = load.answered();
    await expect.poll(load.answered, PATIENCE).toBeGreaterThan(seen + 100);
    const { failures, keptAlive } = await load.stop();
    expect(failures).toEqual([]);
    expect(keptAlive).toBeGreaterThan(0);

    await helm(["uninstall", "sluice", "--namespace", NAMESPACE, "--wait"], kubeconfig());
    await expect.poll(left, PATIENCE).toEqual([]);
    expect(await cluster.kubectl(["get", "ingress", "echo", "-o", "name"])).toContain("echo");
  }, 300_000);
});

const PATIENCE = { timeout: 120_000, interval: 500 };

function kubeconfig(): { readonly KUBECONFIG: string } {
  return { KUBECONFIG: shared.cluster.kubeconfig };
}

async function withHelm(verb: "install" | "upgrade", values: Values): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-values-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "values.json");
  writeFileSync(file, JSON.stringify(values));
  await helm([verb, "sluice", CHART, "--namespace", NAMESPACE, "--values", file], kubeconfig());
}

async function rolledOut(deployment: string): Promise<void> {
  const args = ["rollout", "status", `deployment/${deployment}`, "-n", NAMESPACE, "--timeout=180s"];
  await shared.cluster.kubectl(args);
}

async function serviceAddress(name: string): Promise<string> {
  const args = ["get", "service", name, "-n", NAMESPACE, "-o", "jsonpath={.spec.clusterIP}"];
  return shared.cluster.kubectl(args);
}

/** Status of a GET; 0: no answer. The Host header is one that fetch would not send. */
function statusOf(address: string, host: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const asked = get({ host: address, port: 80, headers: { host }, agent: false }, (response) => {
    resolve(response.resume().statusCode ?? 0);
  });
  asked.setTimeout(5_000, () => asked.destroy());
  asked.on("error", () => resolve(0));
  return promise;
}

async function podsOf(component: string): Promise<number> {
  const selector = `app.kubernetes.io/component=${component}`;
  const text = await shared.cluster.kubectl(["get", "pods", "-n", NAMESPACE, "-l", selector, "-o", "name"]);
  return text.split("\n").filter((line) => line !== "").length;
}

/** All that carries the label of the release, of every kind that the chart has made, and what became of it. */
async function left(): Promise<string[]> {
  const kinds =
    "deployments,replicasets,pods,services,configmaps,serviceaccounts,networkpolicies,poddisruptionbudgets,roles,rolebindings";
  const clusterKinds = "clusterroles,clusterrolebindings,ingressclasses";
  const selector = "app.kubernetes.io/instance=sluice";
  const { kubectl } = shared.cluster;
  const texts = await Promise.all([
    kubectl(["get", kinds, "-n", NAMESPACE, "-l", selector, "-o", "name"]),
    kubectl(["get", clusterKinds, "-l", selector, "-o", "name"]),
  ]);
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}

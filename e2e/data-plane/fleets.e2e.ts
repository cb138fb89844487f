import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { echoDeployment } from "../cluster/manifests.ts";
import type { KubeObject } from "../cluster/src/objects.ts";
import type { Cluster } from "../cluster/src/start-cluster.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject } from "../kubernetes/objects.ts";
import { clientLoop } from "../support/client-loop.ts";
import { freePort } from "../support/free-port.ts";
import { eventually, NAMESPACE, prepareCluster } from "./fleet-bench.ts";
import { startPodBalancer } from "./pod-balancer.ts";

/** The control plane as a process, and Envoys in Pods of their own, over mutual TLS. */

const shared = useCluster();
const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
/** The node's: Pods reach it. */
const HOST = "10.244.0.1";

beforeAll(async () => {
  const { cluster } = shared;
  await prepareCluster(cluster);
  await cluster.api.apply(...echoDeployment("echo", { replicas: 2, preStopSeconds: 2 }));
  await cluster.api.apply(ingressObject({ name: "shop", host: "shop.test" }));
  await cluster.api.apply(ingressObject({ name: "other", host: "other.test", ingressClass: "other" }));
});

test("two fleets come, serve what is theirs, roll under load without a failure, change, and go", async () => {
  const { cluster } = shared;
  await startControlPlane(cluster);
  await cluster.api.apply(config("shop", 2, "mse"), config("other", 1, "other"));
  await eventually(() => status(cluster, "shop")).toMatchObject({
    phase: "Listening",
    message: "2 of 2 Envoys have accepted their listeners.",
  });
  await eventually(() => status(cluster, "other")).toMatchObject({ phase: "Listening" });

  await using shop = await balancer(cluster, "shop");
  await using other = await balancer(cluster, "other");
  await eventually(() => ask(shop.port, "shop.test")).toBe(200);
  await eventually(() => ask(other.port, "other.test")).toBe(200);
  expect(await ask(shop.port, "other.test")).toBe(404);
  expect(await ask(other.port, "shop.test")).toBe(404);

  const load = clientLoop({ port: shop.port, host: "shop.test", perSecond: 200 });
  await expect.poll(() => load.answered(), { timeout: 30_000 }).toBeGreaterThan(200);
  const before = await podsOf(cluster, "shop");
  await cluster.kubectl(["rollout", "restart", "deployment/sluice-shop", "-n", NAMESPACE]);
  await cluster.kubectl(["rollout", "status", "deployment/sluice-shop", "-n", NAMESPACE, "--timeout=90s"]);
  // The old ones drain to their end.
  await eventually(() => podsOf(cluster, "shop")).toSatisfy(
    (pods: readonly string[]) => pods.length === 2 && pods.every((pod) => !before.includes(pod)),
  );
  const { failures, keptAlive } = await load.stop();
  expect(failures).toEqual([]);
  expect(keptAlive).toBeGreaterThan(0);

  await cluster.api.apply(config("shop", 3, "mse"));
  await eventually(() => status(cluster, "shop")).toMatchObject({
    message: "3 of 3 Envoys have accepted their listeners.",
  });
  await cluster.kubectl(["delete", "mseingressconfig", "shop"]);
  await eventually(() => podsOf(cluster, "shop")).toEqual([]);
  expect(await ask(other.port, "other.test")).toBe(200);
});

async function startControlPlane(cluster: Cluster): Promise<void> {
  const address = `${HOST}:${await freePort()}`;
  const flags = [
    ...["serve", "--kube", "--managed", "--namespace", NAMESPACE, "--log-level", "warn"],
    ...["--xds-tls-address", address, "--xds-public-address", address],
    ...["--drain-seconds", "20", "--settle-seconds", "2", "--debug-address", `127.0.0.1:${await freePort()}`],
  ];
  const sluice = execa(process.execPath, [CLI, ...flags], {
    env: { KUBECONFIG: cluster.kubeconfig },
    reject: false,
    stdio: ["ignore", "inherit", "inherit"],
  });
  onTestFinished(async () => {
    sluice.kill("SIGTERM");
    await sluice;
  });
}

function config(name: string, replicas: number, ingressClass: string): KubeObject {
  const spec = {
    common: { instance: { spec: "2c4g", replicas } },
    ingress: { local: { ingressClass } },
  };
  // A variable, so that the fields of the kind are let through.
  const object = {
    apiVersion: "mse.alibabacloud.com/v1alpha1",
    kind: "MseIngressConfig",
    metadata: { name },
    spec,
  };
  return object;
}

async function status(cluster: Cluster, name: string): Promise<unknown> {
  return JSON.parse(await cluster.kubectl(["get", "mseingressconfig", name, "-o", "json"])).status;
}

async function podsOf(cluster: Cluster, gateway: string): Promise<readonly string[]> {
  const label = `sluice.dev/gateway=${gateway}`;
  const names = await cluster.kubectl(["get", "pods", "-n", NAMESPACE, "-l", label, "-o", "name"]);
  return names.split("\n").filter((name) => name !== "");
}

function balancer(cluster: Cluster, gateway: string) {
  return startPodBalancer(cluster.api, { namespace: NAMESPACE, name: `sluice-${gateway}` }, 8080);
}

/** The status of an answer, or why there is none. */
async function ask(port: number, host: string): Promise<number | string> {
  const { request } = await import("undici");
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, {
      headers: { host },
      reset: true,
    });
    await body.dump();
    return statusCode;
  } catch (error) {
    return String(error);
  }
}

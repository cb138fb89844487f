import { beforeAll, expect, test } from "vitest";
import { echoDeployment } from "../cluster/manifests.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject } from "../kubernetes/objects.ts";
import { clientLoop } from "../support/client-loop.ts";
import {
  ask,
  balancer,
  gatewayConfig,
  listensTo,
  podsOf,
  startControlPlane,
  statusOfConfig,
} from "./control-plane.ts";
import { eventually, NAMESPACE, prepareCluster } from "./fleet-bench.ts";

/** The control plane as a process, and Envoys in Pods of their own, over mutual TLS. */

const shared = useCluster();

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
  await cluster.api.apply(
    gatewayConfig("shop", 2, listensTo("mse")),
    gatewayConfig("other", 1, listensTo("other")),
  );
  await eventually(() => statusOfConfig(cluster, "shop")).toMatchObject({
    phase: "Listening",
    message: "2 of 2 Envoys have accepted their listeners.",
  });
  await eventually(() => statusOfConfig(cluster, "other")).toMatchObject({ phase: "Listening" });

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

  await cluster.api.apply(gatewayConfig("shop", 3, listensTo("mse")));
  await eventually(() => statusOfConfig(cluster, "shop")).toMatchObject({
    message: "3 of 3 Envoys have accepted their listeners.",
  });
  await cluster.kubectl(["delete", "mseingressconfig", "shop"]);
  await eventually(() => podsOf(cluster, "shop")).toEqual([]);
  expect(await ask(other.port, "other.test")).toBe(200);
});

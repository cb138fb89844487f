import { beforeAll, expect, test } from "vitest";
import { echoDeployment } from "../cluster/manifests.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { ingressObject } from "../kubernetes/objects.ts";
import {
  ask,
  balancer,
  gatewayConfig,
  listensTo,
  podsOf,
  startControlPlane,
  statusOfConfig,
  xdsAddress,
} from "./control-plane.ts";
import { eventually, NAMESPACE, prepareCluster } from "./fleet-bench.ts";

/** What a platform team does to the address lists of a gateway whose Envoys serve, with clients told apart by one trusted hop. */

const shared = useCluster();
const HOST = "shop.test";

beforeAll(async () => {
  const { cluster } = shared;
  await prepareCluster(cluster);
  await cluster.api.apply(...echoDeployment("echo", { replicas: 1, preStopSeconds: 2 }));
  await cluster.api.apply(ingressObject({ name: "shop", host: HOST }));
});

const FRIEND = "192.0.2.1";
const STRANGER = "198.51.100.1";
const FOE = "192.0.2.66";

test("the last good lists stay in Envoys while a list is bad, over restarts of the controller and in new Envoys", async () => {
  const { cluster } = shared;
  const address = await xdsAddress();
  const start = () => startControlPlane(cluster, address, ["--trusted-hops", "1"]);
  let controller = await start();
  const apply = (lists: object) =>
    cluster.api.apply(gatewayConfig("lists", 1, { global: { ipAccessControl: lists }, ...listensTo("mse") }));
  await apply({ whitelist: ["192.0.2.0/24"], blacklist: ["192.0.2.66"] });
  await eventually(() => statusOfConfig(cluster, "lists")).toMatchObject({ phase: "Listening" });
  await using gateway = await balancer(cluster, "lists");
  const answers = () =>
    Promise.all([FRIEND, STRANGER, FOE].map((each) => ask(gateway.port, HOST, { "x-forwarded-for": each })));
  await eventually(answers).toEqual([200, 403, 403]);

  // A bad item after a good one; the other list changes, and is in force.
  await apply({ whitelist: ["192.0.2.0/24", "nowhere"], blacklist: [] });
  await eventually(answers).toEqual([200, 403, 200]);
  const failed = { phase: "Failed", message: expect.stringContaining('whitelist[1] is "nowhere"') };
  await eventually(() => statusOfConfig(cluster, "lists")).toMatchObject(failed);

  await controller.stop();
  expect(await answers()).toEqual([200, 403, 200]);
  controller = await start();
  const [before] = await podsOf(cluster, "lists");
  // A new Envoy has nothing but what the new controller knows.
  await cluster.kubectl(["delete", `${before}`, "-n", NAMESPACE, "--wait=false"]);
  await eventually(() => podsOf(cluster, "lists")).toSatisfy(
    (pods: readonly string[]) => pods.length === 1 && pods[0] !== before,
  );
  await eventually(answers).toEqual([200, 403, 200]);
  await eventually(() => statusOfConfig(cluster, "lists")).toMatchObject(failed);

  // Both become bad while no controller runs.
  await controller.stop();
  await apply({ whitelist: ["nowhere"], blacklist: ["192.0.2.0/240"] });
  controller = await start();
  await eventually(() => statusOfConfig(cluster, "lists")).toMatchObject({
    phase: "Failed",
    message: expect.stringContaining("everybody gets 403"),
  });
  // There was no good blacklist: nobody is known to be harmless.
  await eventually(answers).toEqual([403, 403, 403]);
  await apply({ whitelist: [], blacklist: [] });
  await eventually(answers).toEqual([200, 200, 200]);
  await eventually(() => statusOfConfig(cluster, "lists")).toMatchObject({ phase: "Listening" });
});

test("a gateway that becomes a reused one keeps its lists, also after a restart of the controller", async () => {
  const { cluster } = shared;
  const address = await xdsAddress();
  const start = () => startControlPlane(cluster, address, ["--trusted-hops", "1"]);
  const controller = await start();
  const lists = { global: { ipAccessControl: { whitelist: ["192.0.2.0/24"] } } };
  await cluster.api.apply(gatewayConfig("kept", 1, { ...lists, ...listensTo("mse") }));
  await eventually(() => statusOfConfig(cluster, "kept")).toMatchObject({ phase: "Listening" });
  await using gateway = await balancer(cluster, "kept");
  const answers = () =>
    Promise.all([FRIEND, STRANGER].map((each) => ask(gateway.port, HOST, { "x-forwarded-for": each })));
  await eventually(answers).toEqual([200, 403]);
  await cluster.api.apply(gatewayConfig("kept", 1, { id: "gw-1", ...listensTo("other") }));
  await eventually(() => statusOfConfig(cluster, "kept")).toMatchObject({
    observedGeneration: 2,
    lastGood: { override: true, ...lists },
  });
  expect(await answers()).toEqual([200, 403]);
  await controller.stop();
  await start();
  await eventually(() => statusOfConfig(cluster, "kept")).toMatchObject({
    phase: "Listening",
    message: "1 of 1 Envoys have accepted their listeners.",
  });
  expect(await answers()).toEqual([200, 403]);
});

import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { echo } from "../cluster/node-agent/images.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { eventually, NAMESPACE, prepareCluster, startFleetBench } from "./fleet-bench.ts";

const USER = "narrow";
const shared = useCluster({
  users: [{ name: USER, groups: [] }],
  // Ready at the port of the probes, and nothing else of an Envoy: what Envoys have accepted is the test's to say.
  images: {
    "envoyproxy/envoy": {
      program: (context) => {
        const { command, args } = echo(context);
        return { command: "sh", args: ["-c", `exec ${[command, ...args].join(" ")}`, "arguments-of-envoy"] };
      },
    },
  },
});
beforeAll(() => prepareCluster(shared.cluster));

const spec = (replicas: number, more: Readonly<Record<string, unknown>> = {}) => ({
  common: { instance: { spec: "2c4g", replicas } },
  ...more,
});

test("the phase follows the Envoys and what they have accepted; a status is written only when it changes", async () => {
  const acceptance = { nodes: 0, listening: 0 };
  const bench = await startFleetBench(shared.cluster, { acceptance: () => acceptance });
  await bench.apply("phases", spec(2));
  await eventually(() => bench.status("phases")).toMatchObject({ phase: "Pending", observedGeneration: 1 });
  const condition = (type: string) => async () =>
    (await bench.status("phases"))?.conditions?.find((each) => each.type === type);
  await eventually(() => bench.status("phases")).toMatchObject({
    phase: "Running",
    message: "0 of 0 Envoys have accepted their listeners.",
  });
  await eventually(condition("DataPlaneReady")).toMatchObject({
    status: "True",
    message: "2 of 2 Envoys are ready.",
  });
  Object.assign(acceptance, { nodes: 2, listening: 1 });
  bench.dataPlane.touch("phases");
  await eventually(() => bench.status("phases")).toMatchObject({
    phase: "Running",
    message: "1 of 2 Envoys have accepted their listeners.",
  });
  const since = (await condition("DataPlaneReady")()) as { lastTransitionTime?: string };
  Object.assign(acceptance, { nodes: 2, listening: 2 });
  bench.dataPlane.touch("phases");
  await eventually(() => bench.status("phases")).toMatchObject({ phase: "Listening" });
  expect(await condition("DataPlaneReady")()).toMatchObject({ lastTransitionTime: since.lastTransitionTime });

  const version = async () => (await bench.get("mseingressconfig", "phases")).metadata.resourceVersion;
  const before = await version();
  const uid = (await bench.get("secret", "sluice-phases-xds")).metadata.uid;
  await shared.cluster.kubectl(["delete", "secret", "sluice-phases-xds", "-n", NAMESPACE]);
  await eventually(
    async () => (await bench.get("secret", "sluice-phases-xds").catch(() => undefined))?.metadata.uid ?? uid,
  ).not.toBe(uid);
  expect(await version()).toBe(before);
});

test("a bad list is Failed, and the last good one is kept in the status for the next controller", async () => {
  const bench = await startFleetBench(shared.cluster);
  const lists = (whitelist: readonly string[]) => ({ global: { ipAccessControl: { whitelist } } });
  await bench.apply("lists", spec(1, lists(["10.0.0.0/8"])));
  await eventually(() => bench.status("lists")).toMatchObject({ lastGood: lists(["10.0.0.0/8"]) });
  await bench.apply("lists", spec(2, lists(["10.0.0.0/8", "nowhere"])));
  await eventually(() => bench.status("lists")).toMatchObject({
    phase: "Failed",
    message: expect.stringContaining("nowhere"),
    lastGood: {
      common: { instance: { replicas: 2 } },
      global: { ipAccessControl: { whitelist: ["10.0.0.0/8"] } },
    },
  });
  await eventually(() => bench.get("deployment", "sluice-lists")).toMatchObject({ spec: { replicas: 2 } });
});

test("a quota is told in the words of the API server, and stops no other gateway", async () => {
  const bench = await startFleetBench(shared.cluster);
  const quota = {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "few", namespace: NAMESPACE },
    spec: { hard: { pods: "0" } },
  };
  await shared.cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(quota));
  await bench.apply("quota", spec(1));
  await eventually(() => bench.status("quota")).toMatchObject({
    phase: "Failed",
    message: expect.stringContaining("exceeded quota: few"),
  });
  await shared.cluster.kubectl(["delete", "resourcequota", "few", "-n", NAMESPACE]);
});

test("a missing namespace and a missing permission are told; who does not lead writes nothing", async () => {
  const missing = await startFleetBench(shared.cluster, { namespace: "nowhere" });
  await missing.apply("homeless", spec(1));
  await eventually(
    async () =>
      JSON.parse(await shared.cluster.kubectl(["get", "mseingressconfig", "homeless", "-o", "json"])).status
        ?.message,
  ).toContain('namespaces "nowhere" not found (404)');
  await missing.dataPlane.close();

  let leads = false;
  const bench = await startFleetBench(shared.cluster, { isLeader: () => leads });
  await bench.apply("led", spec(1));
  await pause(1_000);
  expect(await bench.objects("led")).toEqual([]);
  leads = true;
  bench.dataPlane.touchAll();
  await eventually(() => bench.objects("led")).not.toEqual([]);

  await shared.cluster.kubectl([
    "create",
    "clusterrole",
    USER,
    "--verb=*",
    "--resource=*.mse.alibabacloud.com,mseingressconfigs.mse.alibabacloud.com/status,secrets,configmaps,services,serviceaccounts,poddisruptionbudgets.policy",
  ]);
  await shared.cluster.kubectl([
    "create",
    "clusterrolebinding",
    USER,
    `--clusterrole=${USER}`,
    `--user=${USER}`,
  ]);
  const narrow = await startFleetBench(shared.cluster, { user: USER });
  await narrow.apply("narrow", spec(1));
  await eventually(() => narrow.status("narrow")).toMatchObject({
    phase: "Failed",
    message: expect.stringMatching(
      /^Deployment sluice-narrow: .*deployments\.apps "sluice-narrow" is forbidden: User "narrow" cannot .*\(403\)$/,
    ),
  });
  expect(await narrow.objects("narrow")).toContain("service/sluice-narrow");
});

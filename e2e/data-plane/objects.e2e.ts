import { gatewayLabel } from "@sluice/data-plane/names";
import { beforeAll, expect, test } from "vitest";
import { useCluster } from "../cluster/use-cluster.ts";
import { eventually, NAMESPACE, prepareCluster, startFleetBench } from "./fleet-bench.ts";

const shared = useCluster();
beforeAll(() => prepareCluster(shared.cluster));

const SMALL = { common: { instance: { spec: "2c4g", replicas: 1 } } };

function all(gateway: string, more: readonly string[] = []): readonly string[] {
  const name = `sluice-${gateway}`;
  return [
    `configmap/${name}`,
    `deployment.apps/${name}`,
    `poddisruptionbudget.policy/${name}`,
    `secret/${name}-xds`,
    `service/${name}`,
    `serviceaccount/${name}`,
    ...more,
  ].sort();
}

test("two gateways get their objects, each its own, and lose them with their resource", async () => {
  const bench = await startFleetBench(shared.cluster);
  await Promise.all([bench.apply("one", SMALL), bench.apply("two", SMALL)]);
  await eventually(() => bench.objects("one")).toEqual(all("one"));
  await eventually(() => bench.objects("two")).toEqual(all("two"));
  const { uid } = (await bench.get("mseingressconfig", "one")).metadata;
  const deployment = await bench.get("deployment", "sluice-one");
  expect(deployment.metadata.ownerReferences).toMatchObject([{ kind: "MseIngressConfig", name: "one", uid }]);
  expect(deployment.spec).toMatchObject({ replicas: 1 });
  await bench.remove("one");
  await eventually(() => bench.objects("one")).toEqual([]);
  expect(await bench.objects("two")).toEqual(all("two"));
});

test("drift is corrected, and what somebody deletes is made again", async () => {
  const bench = await startFleetBench(shared.cluster);
  await bench.apply("drift", SMALL);
  await eventually(() => bench.objects("drift")).toEqual(all("drift"));
  const { kubectl } = shared.cluster;
  const where = ["-n", NAMESPACE];
  await kubectl(["scale", "deployment", "sluice-drift", "--replicas=3", ...where]);
  await eventually(() => bench.get("deployment", "sluice-drift")).toMatchObject({ spec: { replicas: 1 } });
  await kubectl([
    "patch",
    "service",
    "sluice-drift",
    ...where,
    "-p",
    '{"spec":{"externalTrafficPolicy":"Cluster"}}',
  ]);
  await eventually(() => bench.get("service", "sluice-drift")).toMatchObject({
    spec: { externalTrafficPolicy: "Local" },
  });
  await kubectl(["annotate", "service", "sluice-drift", ...where, "example.com/mine=kept"]);
  const before = (await bench.get("secret", "sluice-drift-xds")).metadata.uid;
  await kubectl([
    "delete",
    "secret/sluice-drift-xds",
    "configmap/sluice-drift",
    "deployment/sluice-drift",
    ...where,
  ]);
  await eventually(() => bench.objects("drift")).toEqual(all("drift"));
  expect((await bench.get("secret", "sluice-drift-xds")).metadata.uid).not.toBe(before);
  expect((await bench.get("service", "sluice-drift")).metadata.annotations).toMatchObject({
    "example.com/mine": "kept",
  });
});

test("a rotated certificate rolls no Envoy, a changed bootstrap does", async () => {
  const bench = await startFleetBench(shared.cluster);
  await bench.apply("roll", SMALL);
  await eventually(() => bench.objects("roll")).toEqual(all("roll"));
  const generation = async (): Promise<number | undefined> =>
    (await bench.get("deployment", "sluice-roll")).metadata.generation;
  const first = await generation();
  // A certificate that cannot be used is replaced at once.
  const broken = JSON.stringify({ data: { "tls.crt": Buffer.from("none").toString("base64") } });
  await shared.cluster.kubectl(["patch", "secret", "sluice-roll-xds", "-n", NAMESPACE, "-p", broken]);
  const certificate = async (): Promise<string> =>
    shared.cluster.kubectl([
      "get",
      "secret",
      "sluice-roll-xds",
      "-n",
      NAMESPACE,
      "-o",
      "jsonpath={.data.tls\\.crt}",
    ]);
  await eventually(certificate).toMatch(/^LS0tLS1/);
  expect(await generation()).toBe(first);
  await bench.apply("roll", { common: { instance: { spec: "4c8g", replicas: 1 } } });
  await eventually(generation).toBe(2);
});

test("the autoscaler takes over the number of replicas as it is, and gives it back; a private load balancer comes and goes", async () => {
  const bench = await startFleetBench(shared.cluster);
  const three = { common: { instance: { spec: "2c4g", replicas: 3 } } };
  await bench.apply("scaled", three);
  await eventually(() => bench.objects("scaled")).toEqual(all("scaled"));
  const both = {
    common: { ...three.common, network: { publicSLBSpec: "slb.s1.small", privateSLBSpec: "slb.s1.small" } },
  };
  await bench.apply("scaled", both, { "sluice.dev/hpa": "2-5" });
  const more = ["horizontalpodautoscaler.autoscaling/sluice-scaled", "service/sluice-scaled-private"];
  await eventually(() => bench.objects("scaled")).toEqual(all("scaled", more));
  const replicas = async (): Promise<unknown> =>
    (await bench.get("deployment", "sluice-scaled")).spec.replicas;
  expect(await replicas()).toBe(3);
  await shared.cluster.kubectl(["scale", "deployment", "sluice-scaled", "--replicas=4", "-n", NAMESPACE]);
  // Corrected by something else that changes: the number stays.
  await shared.cluster.kubectl(["delete", "service", "sluice-scaled-private", "-n", NAMESPACE]);
  await eventually(() => bench.objects("scaled")).toEqual(all("scaled", more));
  expect(await replicas()).toBe(4);
  await bench.apply("scaled", three);
  await eventually(() => bench.objects("scaled")).toEqual(all("scaled"));
  await eventually(replicas).toBe(3);
});

test("what is somebody else's is left alone, and a reused gateway gets nothing", async () => {
  const bench = await startFleetBench(shared.cluster);
  const foreign = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "sluice-taken", namespace: NAMESPACE },
    data: { mine: "1" },
  };
  await shared.cluster.api.apply(foreign);
  await bench.apply("taken", SMALL);
  await eventually(() => bench.status("taken")).toMatchObject({
    phase: "Failed",
    message:
      "ConfigMap sluice-taken: There is a ConfigMap sluice-taken that is not of this gateway; it is left alone.",
  });
  expect(await bench.get("configmap", "sluice-taken")).toMatchObject({ data: { mine: "1" } });
  await bench.apply("reused", { ...SMALL, id: "gw-1" });
  await eventually(() => bench.status("reused")).toMatchObject({ phase: "Pending", observedGeneration: 1 });
  expect(await bench.objects("reused")).toEqual([]);
});

test("a fleet whose resource was deleted with --cascade=orphan is taken over as it is", async () => {
  const bench = await startFleetBench(shared.cluster);
  await bench.apply("orphan", SMALL);
  await eventually(() => bench.objects("orphan")).toEqual(all("orphan"));
  const uids = () =>
    Promise.all(
      ["deployment", "service"].map(async (kind) => (await bench.get(kind, "sluice-orphan")).metadata.uid),
    );
  const before = await uids();
  bench.dataPlane.delete("orphan");
  await shared.cluster.kubectl(["delete", "mseingressconfig", "orphan", "--cascade=orphan"]);
  const owners = async () =>
    (await bench.get("deployment", "sluice-orphan")).metadata.ownerReferences?.map(({ uid }) => uid) ?? [];
  await eventually(owners).toEqual([]);
  await bench.apply("orphan", SMALL);
  const { uid } = (await bench.get("mseingressconfig", "orphan")).metadata;
  await eventually(owners).toEqual([uid]);
  expect(await uids()).toEqual(before);
  expect((await bench.status("orphan"))?.phase).not.toBe("Failed");
});

test("names that are too long for Services and labels, have dots, or would meet another gateway's get a fleet each", async () => {
  const bench = await startFleetBench(shared.cluster);
  const both = { publicSLBSpec: "slb.s1.small", privateSLBSpec: "slb.s1.small" };
  const long = "x".repeat(252);
  const names = [`${long}a`, `${long}b`, "shop.example.com", "meets", "meets-private", "controller"];
  await Promise.all(
    names.map((name) =>
      bench.apply(name, { common: { instance: { spec: "2c4g", replicas: 0 }, network: both } }),
    ),
  );
  for (const name of names) {
    await eventually(() => bench.status(name)).toMatchObject({
      phase: expect.stringMatching(/Pending|Running/),
      message: expect.not.stringContaining("sluice-"),
    });
    await eventually(() => bench.objects(gatewayLabel(name))).toHaveLength(7);
  }
  await bench.remove("shop.example.com");
  await eventually(() => bench.objects(gatewayLabel("shop.example.com"))).toEqual([]);
});

test("a fleet whose gateway becomes a reused one is left alone, but for its certificate", async () => {
  const bench = await startFleetBench(shared.cluster);
  await bench.apply("left", SMALL);
  await eventually(() => bench.objects("left")).toEqual(all("left"));
  await bench.apply("left", { ...SMALL, id: "gw-1" });
  await eventually(() => bench.status("left")).toMatchObject({ observedGeneration: 2 });
  const where = ["-n", NAMESPACE];
  await shared.cluster.kubectl(["scale", "deployment", "sluice-left", "--replicas=2", ...where]);
  const broken = JSON.stringify({ data: { "tls.crt": Buffer.from("none").toString("base64") } });
  await shared.cluster.kubectl(["patch", "secret", "sluice-left-xds", ...where, "-p", broken]);
  const certificate = async () =>
    ((await bench.get("secret", "sluice-left-xds")) as { data?: Record<string, string> }).data?.["tls.crt"];
  await eventually(certificate).toMatch(/^LS0tLS1/);
  expect((await bench.get("deployment", "sluice-left")).spec).toMatchObject({ replicas: 2 });
  expect(await bench.objects("left")).toEqual(all("left"));
});

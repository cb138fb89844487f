import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EchoAnswer } from "@sluice/echo-backend";
import { describe, expect, test } from "vitest";
import { ECHO_PORT, echoDeployment } from "./manifests.ts";
import type { EndpointSlice, KubeObject } from "./src/objects.ts";
import { reflect, until } from "./src/reflect.ts";
import { useCluster } from "./use-cluster.ts";

const PODS = "/api/v1/namespaces/default/pods";
const slicesOf = (service: string): string =>
  `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=${service}`;

/** RBAC is read from a cache, which no event tells of. */
const PATIENCE = { timeout: 30_000 };

const shared = useCluster({ users: [{ name: "reader", groups: ["readers"] }] });

type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];

function endpoints(slices: Iterable<EndpointSlice>): Endpoint[] {
  return [...slices].flatMap((slice) => slice.endpoints ?? []);
}

async function readyEndpoints(service: string, count: number): Promise<Endpoint[]> {
  const slices = await until<EndpointSlice>(shared.cluster.api, slicesOf(service), (all) => {
    const found = endpoints(all);
    return found.length === count && found.every(({ conditions }) => conditions.ready === true);
  });
  return endpoints(slices);
}

async function whoAnswers({ addresses: [address] }: Endpoint): Promise<string> {
  const response = await fetch(`http://${address}:${ECHO_PORT}/`, { headers: { connection: "close" } });
  // The echo backend says so.
  return ((await response.json()) as EchoAnswer).backend;
}

function nameOf(endpoint: Endpoint): string {
  return endpoint.targetRef?.name ?? "";
}

describe("a Deployment of three", () => {
  test("has three ready endpoints, each with an address where its Pod answers", async () => {
    await shared.cluster.api.apply(...echoDeployment("three", { replicas: 3, preStopSeconds: 1 }));
    const found = await readyEndpoints("three", 3);
    const addresses = found.map(({ addresses: [address] }) => address);
    expect(new Set(addresses).size).toBe(3);
    for (const endpoint of found) {
      expect(endpoint.addresses[0]).toMatch(/^10\.244\.1\.\d+$/);
      expect(await whoAnswers(endpoint)).toBe(nameOf(endpoint));
    }
  });

  test("is rolled: each old Pod is terminating, not ready but serving, and answers until it is gone", async () => {
    const { api, kubectl } = shared.cluster;
    const old = await readyEndpoints("three", 3);
    const oldNames = new Set(old.map(nameOf));
    const seen = new Map<string, string>();
    const stop = new AbortController();
    const rolled = kubectl(["rollout", "restart", "deployment/three"]);
    for await (const slices of reflect<EndpointSlice>(api, slicesOf("three"), stop.signal)) {
      const now = endpoints(slices.values());
      for (const endpoint of now.filter(({ conditions }) => conditions.terminating === true)) {
        const { ready, serving } = endpoint.conditions;
        if (seen.has(nameOf(endpoint))) continue;
        seen.set(nameOf(endpoint), `ready ${ready}, serving ${serving}`);
        expect(await whoAnswers(endpoint)).toBe(nameOf(endpoint));
      }
      const isNew = (endpoint: Endpoint): boolean => !oldNames.has(nameOf(endpoint));
      if (now.length === 3 && now.every((each) => isNew(each) && each.conditions.ready === true)) break;
    }
    await rolled;
    expect(Object.fromEntries(seen)).toEqual(
      Object.fromEntries([...oldNames].map((name) => [name, "ready false, serving true"])),
    );
    for (const endpoint of old) await expect(whoAnswers(endpoint)).rejects.toThrow();
    expect(await kubectl(["rollout", "status", "deployment/three"])).toContain("successfully rolled out");
  });

  test("serves on while the API server is away, and is scaled when it is back", async () => {
    const { api, apiServer } = shared.cluster;
    const [first] = await readyEndpoints("three", 3);
    if (first === undefined) throw new Error("no endpoint");
    await apiServer.kill();
    await expect(api.get("/readyz")).rejects.toThrow();
    expect(await whoAnswers(first)).toBe(nameOf(first));
    await apiServer.start();
    await shared.cluster.kubectl(["scale", "deployment/three", "--replicas=1"]);
    await readyEndpoints("three", 1);
  });
});

interface PodObject extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly ready: boolean;
      readonly state: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
    }[];
  };
}

function pod(name: string, container: object, spec: object = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    ...{ spec: { containers: [{ name: "main", image: "sluice/echo", ...container }], ...spec } },
  };
}

function untilPod(
  name: string,
  holds: (pod: PodObject | undefined) => boolean,
): Promise<readonly PodObject[]> {
  const path = `${PODS}?fieldSelector=metadata.name=${name}`;
  return until<PodObject>(shared.cluster.api, path, ([found]) => holds(found));
}

describe("a Pod", () => {
  test("that does not heed SIGTERM is killed when its grace period is over", async () => {
    const command = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"];
    await shared.cluster.api.apply(pod("deaf", { command }, { terminationGracePeriodSeconds: 1 }));
    await untilPod("deaf", (found) => found?.status?.phase === "Running");
    await shared.cluster.api.remove(pod("deaf", {}));
    await untilPod("deaf", (found) => found === undefined);
  });

  test("whose process ends is started again", async () => {
    const command = ["sh", "-c", "exit 1"];
    await shared.cluster.api.apply(pod("weak", { command }, { terminationGracePeriodSeconds: 1 }));
    await untilPod("weak", (found) => (found?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
    await shared.cluster.api.remove(pod("weak", {}));
    await untilPod("weak", (found) => found === undefined);
  });

  test("that runs to its end has succeeded or failed", async () => {
    const once = { restartPolicy: "Never" };
    await shared.cluster.api.apply(
      pod("good", { command: ["true"] }, once),
      pod("bad", { command: ["false"] }, once),
    );
    await untilPod("good", (found) => found?.status?.phase === "Succeeded");
    await untilPod("bad", (found) => found?.status?.phase === "Failed");
  });

  test("of an unknown image waits, and says which there are", async () => {
    await shared.cluster.api.apply(pod("unknown", { image: "example.com/none:1" }));
    const waits = (found: PodObject | undefined) => found?.status?.containerStatuses?.[0]?.state.waiting;
    const [found] = await untilPod("unknown", (each) => waits(each)?.reason === "ErrImageNeverPull");
    expect(waits(found)?.message).toContain("sluice/echo");
  });

  test("is ready while its probe succeeds, and not before or after", async () => {
    const file = join(shared.cluster.folder, "healthy");
    const exec = { command: ["test", "-f", file] };
    await shared.cluster.api.apply(
      pod("probed", { readinessProbe: { exec, periodSeconds: 1, failureThreshold: 1 } }),
    );
    const is = (ready: boolean) => (found: PodObject | undefined) =>
      found?.status?.phase === "Running" && found.status.containerStatuses?.[0]?.ready === ready;
    await untilPod("probed", is(false));
    writeFileSync(file, "");
    await untilPod("probed", is(true));
    rmSync(file);
    await untilPod("probed", is(false));
  });
});

describe("users", () => {
  const secrets = "/api/v1/namespaces/default/secrets";
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" };
  const binding = (name: string, subject: object): KubeObject => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    ...{ roleRef: role, subjects: [subject] },
  });

  test("of a static token may do what RBAC grants, and no more", async () => {
    const reader = await shared.cluster.apiFor({ user: "reader" });
    await expect(reader.get(PODS)).rejects.toMatchObject({ status: 403 });
    const group = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "readers" };
    await shared.cluster.api.apply(binding("readers", group));
    await expect.poll(() => reader.get(PODS).then(() => "ok", String), PATIENCE).toBe("ok");
    await expect(reader.get(secrets)).rejects.toMatchObject({ status: 403, reason: "Forbidden" });
  });

  test("a ServiceAccount as well, by its kubeconfig too", async () => {
    const { api, apiFor, kubeconfigFor, kubectl } = shared.cluster;
    await api.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "viewer" } });
    await api.apply(binding("viewer", { kind: "ServiceAccount", name: "viewer", namespace: "default" }));
    const who = { serviceAccount: "viewer", namespace: "default" };
    const viewer = await apiFor(who);
    await expect.poll(() => viewer.get(PODS).then(() => "ok", String), PATIENCE).toBe("ok");
    await expect(viewer.get(secrets)).rejects.toMatchObject({ status: 403 });
    const whoami = await kubectl(["--kubeconfig", await kubeconfigFor(who), "auth", "whoami", "-o", "name"]);
    expect(whoami).toContain("selfsubjectreview");
  });
});

test("after a compaction in an outage, an old revision can be read and watched no more", async () => {
  const { api, apiServer, compact } = shared.cluster;
  const path = "/api/v1/namespaces/default/configmaps";
  const { metadata } = await api.get<{ metadata: { resourceVersion: string } }>(path);
  const from = `resourceVersion=${metadata.resourceVersion}`;
  const readOld = () => api.get<{ kind: string }>(`${path}?${from}&resourceVersionMatch=Exact`);
  const watchOld = async (): Promise<unknown> => {
    for await (const event of api.watch(`${path}?watch=true&timeoutSeconds=5&${from}`)) return event.type;
    return "ended";
  };
  for (const value of ["1", "2"]) {
    const changed = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "changed" }, data: { value } };
    await api.apply(changed);
  }
  expect(await watchOld()).toBe("ADDED");
  await apiServer.stop();
  await apiServer.start();
  // An outage alone loses nothing.
  expect((await readOld()).kind).toBe("ConfigMapList");
  await apiServer.stop();
  await compact();
  await apiServer.start();
  await expect(readOld()).rejects.toMatchObject({ status: 410 });
  await expect(watchOld()).rejects.toMatchObject({ status: 410 });
});

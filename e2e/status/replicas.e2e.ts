import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { bootstrap, findEnvoy, startEnvoy } from "@sluice/envoy";
import { execa } from "execa";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { backend, gatewayRole, ingressObject } from "../kubernetes/objects.ts";
import { freePort } from "../support/free-port.ts";

/** Replicas of the control plane, each with an Envoy of its own, as in the sidecar topology. */

const shared = useCluster({ controllerManager: false });
const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
const INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
let echo: EchoBackend;
let kubeconfig: string;

beforeAll(async () => {
  const { cluster } = shared;
  echo = await startEcho({ name: "echo", host: "10.244.9.1" });
  await cluster.api.apply(...gatewayRole("sluice"), ...backend("web", echo));
  kubeconfig = await cluster.kubeconfigFor({ serviceAccount: "sluice", namespace: "default" });
});
afterAll(() => echo?.kill());

/** A control plane as a process, and its Envoy, connected and with all that it is to get. */
async function replica(name: string) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-replica-"));
  const [debug, http, https] = await Promise.all([freePort(), freePort(), freePort()]);
  const socket = (file: string) => `unix:${join(folder, file)}`;
  const flags = {
    "leader-election": "true",
    namespace: "default",
    "debug-address": `127.0.0.1:${debug}`,
    "xds-address": socket("xds.sock"),
    "listen-address": "127.0.0.1",
    "http-port": `${http}`,
    "https-port": `${https}`,
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  const sluice = execa("node", [CLI, "serve", "--kube", ...args], {
    env: { KUBECONFIG: kubeconfig, POD_NAME: name },
    reject: false,
  });
  const envoy = startEnvoy({
    binary: (await findEnvoy({ onProgress: () => {} })).path,
    adminAddress: socket("admin.sock"),
    bootstrap: bootstrap({
      nodeId: `envoy-${name}`,
      cluster: "e2e",
      xdsAddress: socket("xds.sock"),
      adminAddress: socket("admin.sock"),
    }),
    concurrency: 1,
    dieWithParent: true,
  });
  onTestFinished(async () => {
    sluice.kill("SIGKILL");
    await Promise.all([sluice, envoy.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });
  await envoy.ready;
  return {
    envoy,
    pid: sluice.pid ?? 0,
    metrics: () => fetch(`http://127.0.0.1:${debug}/metrics`).then((response) => response.text(), String),
    async kill() {
      sluice.kill("SIGKILL");
      await sluice;
    },
  };
}

/** Resolves when the Ingress says this of how far it is live. */
async function says(name: string, live: string): Promise<KubeObject> {
  const watch = `${INGRESSES}?watch=1&fieldSelector=metadata.name=${name}`;
  for await (const event of shared.cluster.api.watch<KubeObject>(watch))
    if (event.type !== "ERROR" && event.object.metadata.annotations?.["sluice.dev/live"] === live)
      return event.object;
  throw new Error("the watch has ended");
}

const paths = [{ path: "/", service: "web" }];
const put = (name: string): Promise<unknown> =>
  shared.cluster.api.apply(ingressObject({ name, host: `${name}.example`, paths }));

async function wait(name: string, timeout: string) {
  const flags = ["--timeout", timeout, "--kubeconfig", shared.cluster.kubeconfig, "--format", "json"];
  const { stdout } = await execa("node", [CLI, "wait", "ingress", name, ...flags], { reject: false });
  return JSON.parse(stdout);
}

test("an Ingress counts the Envoys of all replicas, those that lag and those that go, whoever leads", async () => {
  const a = await replica("pod-a");
  await expect.poll(a.metrics, { timeout: 60_000 }).toContain("sluice_leader 1");
  const b = await replica("pod-b");
  await put("first");
  await says("first", "1 on 2 of 2");

  process.kill(b.envoy.pid, "SIGSTOP");
  await put("second");
  const lagging = await says("second", "1 on 1 of 2");
  expect(lagging.metadata.annotations?.["sluice.dev/live-reason"]).toMatch(
    /node envoy-pod-b of replica pod-b/,
  );
  expect(await wait("second", "15s")).toMatchObject({
    outcome: "not-live",
    live: "1 on 1 of 2",
    reasons: [expect.stringMatching(/node envoy-pod-b of replica pod-b has not accepted http/)],
  });
  await expect
    .poll(() => shared.cluster.kubectl(["describe", "ingress", "second"]), { timeout: 20_000 })
    .toMatch(/Warning +NotLive .* live on 1 of 2 nodes: node envoy-pod-b of replica pod-b/);
  process.kill(b.envoy.pid, "SIGCONT");
  const live = await says("second", "1 on 2 of 2");
  expect(live.metadata.annotations).not.toHaveProperty("sluice.dev/live-reason");

  // A control plane that stands still has not seen what comes.
  process.kill(b.pid, "SIGSTOP");
  await put("third");
  await says("third", "1 on 1 of 2");
  process.kill(b.pid, "SIGCONT");
  await says("third", "1 on 2 of 2");

  const c = await replica("pod-c");
  await says("first", "1 on 3 of 3");
  await a.kill();
  await put("fourth");
  await says("fourth", "1 on 2 of 2");
  await says("first", "1 on 2 of 2");

  const leads = await b.metrics();
  const [leader, other] = leads.includes("sluice_leader 1") ? [b, c] : [c, b];
  await other.kill();
  await says("first", "1 on 1 of 1");
  await put("fifth");
  await says("fifth", "1 on 1 of 1");
  expect(await leader.metrics()).toContain("sluice_leader 1");
  // What is left of those that were killed is taken away.
  const leases = await shared.cluster.api.get<{ items: KubeObject[] }>(LEASES);
  expect(leases.items.filter(({ metadata }) => metadata.name.startsWith("sluice-replica-"))).toHaveLength(1);
});

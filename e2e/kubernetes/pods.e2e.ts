import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type EchoOptions, echoDeployment } from "../cluster/manifests.ts";
import type { KubeObject } from "../cluster/src/objects.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import { type Load, steadyGets } from "../support/load.ts";
import { countAnswers } from "../support/shares.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { gatewayRole, ingressObject } from "./objects.ts";

/** Pods that come and go by real controllers, under requests: none may fail. */

const ACCOUNT = "sluice";
const PER_SECOND = 200;
const TEST_MS = 400_000;
const shared = useCluster();
let gateway: TestGateway;

beforeAll(async () => {
  const { cluster } = shared;
  await cluster.api.apply(...gatewayRole(ACCOUNT));
  const kubeconfig = await cluster.kubeconfigFor({ serviceAccount: ACCOUNT, namespace: "default" });
  gateway = await startTestGateway({ settings: { kube: true, kubeconfig } });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
});

function host(name: string): string {
  return `${name}.example`;
}

/** A Deployment with its Service and Ingress, removed after the test. Resolves when all its pods answer through Envoy. */
async function deploy(
  name: string,
  options: EchoOptions,
  annotations: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { api } = shared.cluster;
  const objects: KubeObject[] = [
    ...echoDeployment(name, options),
    ingressObject({ name, host: host(name), paths: [{ path: "/", service: name }], annotations }),
  ];
  await api.apply(...objects);
  onTestFinished(async () => {
    for (const object of objects) await api.remove(object);
  });
  await rolled(name);
  await untilPods(name, options.replicas);
}

async function rolled(name: string): Promise<void> {
  await shared.cluster.kubectl(["rollout", "status", `deployment/${name}`, "--timeout=180s"]);
}

/** Resolves when so many different pods answer through Envoy, and nobody else. */
async function untilPods(name: string, count: number): Promise<void> {
  const pods = async (): Promise<number> => {
    const answers = await countAnswers({ port: gateway.httpPort, host: host(name), count: 40 * count });
    return answers.size;
  };
  await expect.poll(pods, { timeout: 60_000 }).toBe(count);
}

function load(name: string): Load {
  const started = steadyGets({ port: gateway.httpPort, host: host(name), perSecond: PER_SECOND });
  onTestFinished(() => void started.stop());
  return started;
}

describe("a Deployment of ten, rolled three times under 200 requests a second, loses no GET", () => {
  test.each<[string, string, Omit<EchoOptions, "replicas">]>([
    ["with preStop: sleep", "sleeps", { preStopSeconds: 3 }],
    ["with apps that end at once on SIGTERM", "abrupt", { abrupt: true }],
  ])(
    "%s",
    async (_, name, options) => {
      await deploy(name, { replicas: 10, ...options });
      const gets = load(name);
      for (let n = 0; n < 3; n++) {
        await shared.cluster.kubectl(["rollout", "restart", `deployment/${name}`]);
        await rolled(name);
      }
      const { requests, failures } = await gets.stop();
      expect(requests).toBeGreaterThan(PER_SECOND);
      expect(failures).toEqual([]);
    },
    TEST_MS,
  );
});

test(
  "a Deployment scaled from one to ten and back, with warmup, loses no GET",
  async () => {
    const name = "scaled";
    await deploy(name, { replicas: 1, preStopSeconds: 3 }, { warmup: "5" });
    const gets = load(name);
    const scale = async (replicas: number): Promise<void> => {
      await shared.cluster.kubectl(["scale", `deployment/${name}`, `--replicas=${replicas}`]);
      await rolled(name);
      await untilPods(name, replicas);
    };
    await scale(10);
    await scale(1);
    const { failures } = await gets.stop();
    expect(failures).toEqual([]);
  },
  TEST_MS,
);

test(
  "an API server that is away for a minute costs no request, and what it then says is live",
  async () => {
    const { api, apiServer } = shared.cluster;
    await deploy("away", { replicas: 2 });
    const gets = load("away");
    await apiServer.kill();
    // The length of the outage is what is tested: all watches are in their longest backoff by then.
    await pause(60_000);
    expect(gateway.gateway.kubernetes?.status().connected).toBe(false);
    await apiServer.start();
    const after = ingressObject({
      name: "after",
      host: host("after"),
      paths: [{ path: "/", service: "away" }],
    });
    await api.apply(after);
    onTestFinished(() => api.remove(after));
    await untilPods("after", 2);
    await expect.poll(() => gateway.gateway.kubernetes?.status().connected, { timeout: 60_000 }).toBe(true);
    const { failures } = await gets.stop();
    expect(failures).toEqual([]);
  },
  TEST_MS,
);

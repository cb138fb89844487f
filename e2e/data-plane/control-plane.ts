import { join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import type { KubeObject } from "../cluster/src/objects.ts";
import type { Cluster } from "../cluster/src/start-cluster.ts";
import { freePort } from "../support/free-port.ts";
import { NAMESPACE } from "./fleet-bench.ts";
import { startPodBalancer } from "./pod-balancer.ts";

const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");
/** The node's: Pods reach it. */
const HOST = "10.244.0.1";

/** A control plane of managed gateways, as a process. */
export interface ControlPlaneProcess {
  /** Ends it, as a rollout of the controller does. */
  stop(): Promise<void>;
}

/** At `address` if it is given, where Envoys of an earlier one find it again. */
export async function startControlPlane(
  cluster: Cluster,
  address?: string,
  flags: readonly string[] = [],
): Promise<ControlPlaneProcess> {
  const xds = address ?? (await xdsAddress());
  const all = [
    ...["serve", "--kube", "--managed", "--namespace", NAMESPACE, "--log-level", "warn"],
    ...["--xds-tls-address", xds, "--xds-public-address", xds],
    ...["--drain-seconds", "20", "--settle-seconds", "2", "--debug-address", `127.0.0.1:${await freePort()}`],
    ...flags,
  ];
  const sluice = execa(process.execPath, [CLI, ...all], {
    env: { KUBECONFIG: cluster.kubeconfig },
    reject: false,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const stop = async (): Promise<void> => {
    sluice.kill("SIGTERM");
    await sluice;
  };
  onTestFinished(stop);
  return { stop };
}

export async function xdsAddress(): Promise<string> {
  return `${HOST}:${await freePort()}`;
}

/** A MseIngressConfig of small Envoys, as an object that can be applied. */
export function gatewayConfig(name: string, replicas: number, more: object = {}): KubeObject {
  const spec = { common: { instance: { spec: "2c4g", replicas } }, ...more };
  // A variable, so that the fields of the kind are let through.
  const object = {
    apiVersion: "mse.alibabacloud.com/v1alpha1",
    kind: "MseIngressConfig",
    metadata: { name },
    spec,
  };
  return object;
}

export function listensTo(ingressClass: string): object {
  return { ingress: { local: { ingressClass } } };
}

export async function statusOfConfig(cluster: Cluster, name: string): Promise<unknown> {
  return JSON.parse(await cluster.kubectl(["get", "mseingressconfig", name, "-o", "json"])).status;
}

export async function podsOf(cluster: Cluster, gateway: string): Promise<readonly string[]> {
  const label = `sluice.dev/gateway=${gateway}`;
  const names = await cluster.kubectl(["get", "pods", "-n", NAMESPACE, "-l", label, "-o", "name"]);
  return names.split("\n").filter((name) => name !== "");
}

/** In front of the Pods of a gateway's Service. */
export function balancer(cluster: Cluster, gateway: string) {
  return startPodBalancer(cluster.api, { namespace: NAMESPACE, name: `sluice-${gateway}` }, 8080);
}

/** The status of an answer, or why there is none. */
export async function ask(
  port: number,
  host: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number | string> {
  const { request } = await import("undici");
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, {
      headers: { host, ...headers },
      reset: true,
    });
    await body.dump();
    return statusCode;
  } catch (error) {
    return String(error);
  }
}

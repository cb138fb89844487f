import { join } from "node:path";
import { CHART, completeChart, helm, NAMESPACE } from "../../deploy/chart.ts";
import { type Relay, startRelay } from "./relay.ts";
import type { Cluster } from "./start-cluster.ts";

/** The socket in the folder of a cluster by which the gateway's port for HTTP is reached from outside of the network namespace. */
export const HTTP_SOCKET = "http.sock";

const RELEASE = "sluice";

/** How the gateway is run: see docs/install.md. */
export const TOPOLOGIES = ["sidecar", "managed"] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** By topology: what says that it serves, and the Service of its Envoys. */
const SERVES = {
  sidecar: {
    ready: ["rollout", "status", `deployment/${RELEASE}-gateway`, "-n", NAMESPACE],
    service: `${RELEASE}-gateway`,
  },
  managed: {
    ready: ["wait", "mseingressconfig/mse", "--for=jsonpath={.status.phase}=Listening"],
    service: "sluice-mse",
  },
} as const;

/**
 * Installs the chart of the checkout, with one gateway and a drain that nobody has to wait for, and resolves when it
 * serves, with a relay to it. Rejects with the words of Helm or kubectl.
 */
export async function installGateway(
  { kubeconfig, kubectl, folder }: Cluster,
  topology: Topology,
): Promise<Relay> {
  completeChart();
  const values = [
    ...["replicas=1", "envoy.concurrency=1", "shutdown.settleSeconds=1", "shutdown.drainSeconds=5"],
    ...[`topology=${topology}`, "managed.ingressConfig.spec.common.instance.replicas=1"],
  ];
  const args = ["install", RELEASE, CHART, "--namespace", NAMESPACE, "--create-namespace"];
  await helm([...args, ...values.flatMap((value) => ["--set", value])], { KUBECONFIG: kubeconfig });
  const { ready, service } = SERVES[topology];
  await kubectl([...ready, "--timeout=120s"]);
  const get = ["get", "service", service, "-n", NAMESPACE, "-o", "jsonpath={.spec.clusterIP}"];
  return startRelay({ path: join(folder, HTTP_SOCKET) }, { host: await kubectl(get), port: 80 });
}

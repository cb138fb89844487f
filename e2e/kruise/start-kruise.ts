import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { createPart, type Part } from "../cluster/src/part.ts";
import type { Cluster } from "../cluster/src/start-cluster.ts";
import { requireKruise } from "../cluster/src/tools.ts";
import { freePort } from "../support/free-port.ts";

const NAMESPACE = "kruise-rollout";

/**
 * Installs Kruise Rollouts as its own manifests have it (CRDs, roles, webhooks), and runs its controller as a process
 * with the rights of its own ServiceAccount. Resolves when it is ready.
 */
export async function startKruise(cluster: Cluster): Promise<Part> {
  const tool = requireKruise();
  const manifests = await cluster.kubectl(["kustomize", join(tool.folder, "config/default")]);
  // The process stands in for both: it issues its own certificate and writes its address into the webhooks.
  const objects = parseAllDocuments(manifests)
    .map((document) => document.toJS() as { readonly kind: string })
    .filter(({ kind }) => kind !== "Deployment" && kind !== "Service");
  const text = objects.map((object) => stringify(object)).join("---\n");
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], text);
  const [webhook, metrics, probes] = await Promise.all([freePort(), freePort(), freePort()]);
  const certificates = join(cluster.folder, "kruise-certificates");
  mkdirSync(certificates, { recursive: true });
  const part = createPart({
    name: "kruise-rollouts",
    command: tool.path,
    args: [
      `--metrics-bind-address=127.0.0.1:${metrics}`,
      `--health-probe-bind-address=127.0.0.1:${probes}`,
      "--v=2",
    ],
    // It reads its scripts below its working directory.
    cwd: tool.folder,
    env: {
      ...process.env,
      KUBECONFIG: await cluster.kubeconfigFor({
        serviceAccount: "kruise-rollout-controller-manager",
        namespace: NAMESPACE,
      }),
      POD_NAMESPACE: NAMESPACE,
      WEBHOOK_HOST: "localhost",
      WEBHOOK_PORT: `${webhook}`,
      WEBHOOK_CERT_DIR: certificates,
    },
    logFile: join(cluster.folder, "logs", "kruise-rollouts.log"),
    isReady: async () => (await fetch(`http://127.0.0.1:${probes}/readyz`)).ok,
  });
  await part.start();
  return part;
}

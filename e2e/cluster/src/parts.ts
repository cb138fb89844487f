import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Credentials } from "./credentials.ts";
import { createPart, type Part } from "./part.ts";
import type { ClusterToolName } from "./tools.ts";

/** What the command lines of the parts are made of. */
export interface PartsContext {
  readonly folder: string;
  readonly tools: Readonly<Record<ClusterToolName, string>>;
  readonly ports: { readonly etcd: number; readonly etcdPeer: number; readonly apiServer: number };
  readonly credentials: Credentials;
}

/** Not a loopback address, which an API server refuses to advertise; scripts/netns-loopback.py has it on lo. */
export const ADVERTISE_ADDRESS = "192.168.250.1";

/** The folder in which the API server keeps the certificate that it makes for itself. */
export function caFile({ folder }: { readonly folder: string }): string {
  return join(folder, "certificates", "apiserver.crt");
}

export function etcd(context: PartsContext): Part {
  const { ports, folder, tools } = context;
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return createPart({
    name: "etcd",
    command: tools.etcd,
    args: [
      ...["--name", "sluice", "--data-dir", join(folder, "etcd"), "--log-level", "warn"],
      ...["--listen-client-urls", client, "--advertise-client-urls", client],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", `sluice=${peer}`],
      // The data need not outlive the machine.
      "--unsafe-no-fsync",
    ],
    logFile: join(folder, "logs", "etcd.log"),
    isReady: async () => (await fetch(`${client}/readyz`)).ok,
  });
}

/** `audit`: every request is logged, one JSON object a line, in `logs/audit.log`. */
export function apiServer(
  context: PartsContext,
  isReady: () => Promise<boolean>,
  { audit, flags }: { readonly audit: boolean; readonly flags: readonly string[] },
): Part {
  const { ports, folder, tools, credentials } = context;
  const certificates = join(folder, "certificates");
  mkdirSync(certificates, { recursive: true });
  return createPart({
    name: "kube-apiserver",
    command: tools["kube-apiserver"],
    args: [
      `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
      `--cert-dir=${certificates}`,
      `--secure-port=${ports.apiServer}`,
      "--bind-address=127.0.0.1",
      `--advertise-address=${ADVERTISE_ADDRESS}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${credentials.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${credentials.serviceAccountKey}`,
      `--token-auth-file=${credentials.tokenFile}`,
      "--authorization-mode=RBAC",
      "--service-cluster-ip-range=10.96.0.0/16",
      "--allow-privileged=true",
      "--profiling=false",
      // Without it a SIGTERM waits up to a minute for clients to end their watches.
      "--shutdown-watch-termination-grace-period=1s",
      ...(audit ? auditFlags(folder) : []),
      ...flags,
    ],
    logFile: join(folder, "logs", "kube-apiserver.log"),
    isReady,
  });
}

function auditFlags(folder: string): string[] {
  const policy = join(folder, "audit-policy.json");
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: "audit.k8s.io/v1",
      kind: "Policy",
      omitStages: ["RequestReceived"],
      rules: [{ level: "Metadata" }],
    }),
  );
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${join(folder, "logs", "audit.log")}`];
}

/** Controllers that want a cloud, a node's network or a token's bootstrap have nothing to do here. */
const NO_CONTROLLERS = [
  "nodeipam",
  "cloud-node-lifecycle",
  "service-lb-controller",
  "node-route-controller",
  "bootstrap-signer-controller",
  "token-cleaner-controller",
];

export function controllerManager(
  context: PartsContext,
  kubeconfig: string,
  isReady: () => Promise<boolean>,
): Part {
  const { folder, tools, credentials } = context;
  return createPart({
    name: "kube-controller-manager",
    command: tools["kube-controller-manager"],
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${credentials.serviceAccountKey}`,
      `--root-ca-file=${caFile(context)}`,
      "--leader-elect=false",
      "--secure-port=0",
      // An absence of the API server must not make the node look dead.
      "--node-monitor-grace-period=10m",
      `--controllers=${["*", ...NO_CONTROLLERS.map((name) => `-${name}`)].join(",")}`,
      // The default of 20 requests a second is for clusters that others use as well.
      "--kube-api-qps=1000",
      "--kube-api-burst=2000",
    ],
    logFile: join(folder, "logs", "kube-controller-manager.log"),
    isReady,
  });
}

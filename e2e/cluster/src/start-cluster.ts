import { mkdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { freePort } from "../../support/free-port.ts";
import { ClusterError } from "./cluster-error.ts";
import { type ClusterUser, makeCredentials, writeKubeconfig } from "./credentials.ts";
import { compactEtcd } from "./etcd-client.ts";
import { type KubeApi, kubeApi } from "./kube-api.ts";
import type { Part } from "./part.ts";
import { ADVERTISE_ADDRESS, apiServer, caFile, controllerManager, etcd, type PartsContext } from "./parts.ts";
import { startRelay } from "./relay.ts";
import { requireTools } from "./tools.ts";

export interface StartClusterOptions {
  /** Data, keys, kubeconfigs and logs. Made when it is not there; whoever made it removes it. */
  readonly folder: string;
  /** Users besides `admin`, each with a token of its own. */
  readonly users?: readonly ClusterUser[];
  /** Without it there are no Deployments, EndpointSlices of Services, ServiceAccounts. Default true. */
  readonly controllerManager?: boolean;
  /** Log every request in `logs/audit.log`. Default false. */
  readonly audit?: boolean;
  /** Flags of kube-apiserver besides ours. */
  readonly apiServerFlags?: readonly string[];
}

/** A real API server, with what it needs. */
export interface Cluster extends AsyncDisposable {
  readonly folder: string;
  readonly server: string;
  /** What clients check the API server's certificate against. */
  readonly caFile: string;
  /** A file that lets its user do everything. */
  readonly kubeconfig: string;
  /** A client that may do everything. */
  readonly api: KubeApi;
  readonly etcd: Part;
  readonly apiServer: Part;
  readonly controllerManager: Part | undefined;
  /** A kubeconfig file for a user of `users`, or for a ServiceAccount by a fresh token of an hour. */
  kubeconfigFor(who: Who): Promise<string>;
  /** A client likewise. */
  apiFor(who: Who): Promise<KubeApi>;
  /** Runs kubectl as admin and returns what it prints; rejects with its words when it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Makes etcd forget all revisions but the present one, so that older ones can be read or watched from no more. */
  compact(): Promise<void>;
  /** Ends all parts at once; the folder stays. */
  stop(): Promise<void>;
}

export type Who = { readonly user: string } | { readonly serviceAccount: string; readonly namespace: string };

/**
 * Starts etcd, the API server and the controller manager on free ports of 127.0.0.1, and resolves when the API server
 * is ready and the controllers work. All of it dies with this process. It must run inside `scripts/in-netns.sh`.
 * Rejects with a {@link ClusterError} when something is missing, or does not start.
 */
export async function startCluster(options: StartClusterOptions): Promise<Cluster> {
  checkNamespace();
  const context = await prepare(options);
  const { folder, ports, credentials, tools } = context;
  const server = `https://127.0.0.1:${ports.apiServer}`;
  const staticToken = (user: string): string => {
    const token = credentials.tokens.get(user);
    if (token === undefined) throw new Error(`no user ${user} was given to startCluster`);
    return token;
  };
  const kubeconfigOf = (user: string, token: string, namespace = "default"): string => {
    const file = join(folder, "kubeconfigs", `${user.replaceAll(/[^\w.-]/g, "_")}.json`);
    return writeKubeconfig({ file, server, caFile: caFile(context), user, token, namespace });
  };
  const clients: KubeApi[] = [];
  const clientOf = (token: string): KubeApi => {
    const made = kubeApi({ server, caFile: caFile(context), token });
    clients.push(made);
    return made;
  };
  const api = clientOf(staticToken(ADMIN));
  const tokenOf = async (who: Who): Promise<{ name: string; token: string }> => {
    if ("user" in who) return { name: who.user, token: staticToken(who.user) };
    const path = `/api/v1/namespaces/${who.namespace}/serviceaccounts/${who.serviceAccount}/token`;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const answer = await api.send<{ status: { token: string } }>("POST", path, { body });
    return { name: `${who.namespace}-${who.serviceAccount}`, token: answer.status.token };
  };

  const kubeconfig = kubeconfigOf(ADMIN, staticToken(ADMIN));
  const parts = {
    etcd: etcd(context),
    apiServer: apiServer(context, async () => (await api.get("/readyz")) === "ok", {
      audit: options.audit ?? false,
      flags: options.apiServerFlags ?? [],
    }),
    controllerManager:
      options.controllerManager === false
        ? undefined
        : controllerManager(context, kubeconfigOf(CONTROLLERS, staticToken(CONTROLLERS)), () =>
            controllersWork(api),
          ),
  };
  // The API server listens on loopback, for which its certificate is; its endpoint is the address that it advertises.
  const port = ports.apiServer;
  const advertised = await startRelay({ host: ADVERTISE_ADDRESS, port }, { port });
  const stop = async (): Promise<void> => {
    advertised.close();
    await Promise.all(clients.map((client) => client.close()));
    // Nothing of it is needed any more, so nobody need be waited for.
    await Promise.all([parts.controllerManager?.kill(), parts.apiServer.kill(), parts.etcd.kill()]);
  };
  try {
    await parts.etcd.start();
    await parts.apiServer.start();
    await parts.controllerManager?.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...parts,
    folder,
    server,
    caFile: caFile(context),
    kubeconfig,
    api,
    async kubeconfigFor(who) {
      const { name, token } = await tokenOf(who);
      return kubeconfigOf(name, token, "namespace" in who ? who.namespace : "default");
    },
    apiFor: async (who) => clientOf((await tokenOf(who)).token),
    async kubectl(args, input) {
      const env = { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, "kubectl-cache") };
      return (await execa(tools.kubectl, args, { env, ...(input !== undefined && { input }) })).stdout;
    },
    compact: () => compactEtcd(ports.etcd),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const ADMIN = "admin";
const CONTROLLERS = "controllers";

async function prepare({ folder, users = [] }: StartClusterOptions): Promise<PartsContext> {
  const tools = requireTools();
  for (const each of ["logs", "kubeconfigs"]) mkdirSync(join(folder, each), { recursive: true });
  // At once, so that no two are the same.
  const [etcd, etcdPeer, apiServer] = await Promise.all([freePort(), freePort(), freePort()]);
  const masters = (name: string): ClusterUser => ({ name, groups: ["system:masters"] });
  return {
    folder,
    tools,
    credentials: makeCredentials(folder, [masters(ADMIN), masters(CONTROLLERS), ...users]),
    ports: { etcd, etcdPeer, apiServer },
  };
}

function checkNamespace(): void {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  if (addresses.some(({ address }) => address === ADVERTISE_ADDRESS)) return;
  throw new ClusterError(
    "no-namespace",
    `The test cluster needs the addresses of its pods, and ${ADVERTISE_ADDRESS}, on loopback.`,
    "Run it inside scripts/in-netns.sh, as make test-e2e and make cluster do.",
  );
}

/** A ServiceAccount that nobody asked for tells that the controllers have begun. */
async function controllersWork(api: KubeApi): Promise<boolean> {
  await api.get("/api/v1/namespaces/default/serviceaccounts/default");
  return true;
}

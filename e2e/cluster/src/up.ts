import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { buildTools } from "./build-tools.ts";
import { writeKubeconfig } from "./credentials.ts";
import { HTTP_SOCKET, type Topology } from "./gateway.ts";
import { API_SOCKET, READY } from "./inside.ts";
import { startRelay } from "./relay.ts";
import { CLUSTER_TOOLS, requireTools } from "./tools.ts";

const SCRIPTS = join(import.meta.dirname, "../../../scripts");
const CLI = join(import.meta.dirname, "cli.ts");

/**
 * `make cluster`: a cluster in a network namespace of its own, its API server and the gateway on ports of this machine (0:
 * one that is free), until the signal. Resolves with an exit code when all of it is gone.
 */
export async function runCluster(
  ports: { readonly api: number; readonly http: number },
  topology: Topology,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<number> {
  await buildTools({ names: [...CLUSTER_TOOLS, "helm"], onProgress: say, signal });
  const folder = mkdtempSync(join(tmpdir(), "sluice-cluster-"));
  say("starting etcd, the API server, the controller manager, a node, and the gateway in it");
  const inner = startInner(folder, topology);
  const exit = once(inner, "exit");
  try {
    signal.addEventListener("abort", () => inner.stdin?.end());
    if (signal.aborted || !(await isUp(inner))) return signal.aborted ? 0 : 1;
    const relay = await startRelay({ port: ports.api }, { path: join(folder, API_SOCKET) });
    const gateway = await startRelay({ port: ports.http }, { path: join(folder, HTTP_SOCKET) });
    say(instructions(outerKubeconfig(folder, relay.port), gateway.port, folder));
    await exit;
    gateway.close();
    relay.close();
    return signal.aborted ? 0 : 1;
  } finally {
    inner.stdin?.end();
    await exit;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a process group of its own: a Ctrl-C reaches us alone, and we end it by its standard input. */
function startInner(folder: string, topology: Topology): ChildProcess {
  const command = [process.execPath, CLI, "inside", folder, topology];
  return spawn(join(SCRIPTS, "in-netns.sh"), command, { stdio: ["pipe", "pipe", "inherit"], detached: true });
}

async function isUp(inner: ChildProcess): Promise<boolean> {
  if (inner.stdout === null) return false;
  for await (const line of createInterface({ input: inner.stdout })) {
    if (line === READY) return true;
  }
  return false;
}

/** As the inner one, but for the port. The certificate is for 127.0.0.1 on every port. */
function outerKubeconfig(folder: string, port: number): string {
  // Written by writeKubeconfig.
  const inner = JSON.parse(readFileSync(join(folder, "kubeconfigs", "admin.json"), "utf8")) as {
    users: [{ name: string; user: { token: string } }];
    clusters: [{ cluster: { "certificate-authority": string } }];
  };
  const [{ name, user }] = inner.users;
  return writeKubeconfig({
    file: join(folder, "kubeconfig.json"),
    server: `https://127.0.0.1:${port}`,
    caFile: inner.clusters[0].cluster["certificate-authority"],
    user: name,
    token: user.token,
  });
}

function instructions(kubeconfig: string, httpPort: number, folder: string): string {
  return `The cluster is up, and the gateway in it. In another terminal:

  export KUBECONFIG=${kubeconfig}
  export PATH=${dirname(requireTools().kubectl)}:$PATH
  kubectl create deployment echo --image=sluice/echo --replicas=3 --port=8080
  kubectl expose deployment echo --port=80 --target-port=8080
  kubectl create ingress echo --class=mse --rule='echo.example/*=echo:80'
  kubectl get pods -A -o wide
  curl -H 'Host: echo.example' http://127.0.0.1:${httpPort}/

Containers are processes here, and sluice/echo is the image there is. Logs, those of the containers too, are in
  ${join(folder, "logs")}
Ctrl-C ends the cluster and removes all of it.`;
}

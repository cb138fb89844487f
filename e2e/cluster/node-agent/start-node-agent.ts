import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeApi } from "../src/kube-api.ts";
import { reflect } from "../src/reflect.ts";
import { IMAGES, type Image } from "./images.ts";
import { nodeLease, nodeObject } from "./node-objects.ts";
import { createObjectCache } from "./object-cache.ts";
import { persist } from "./persist.ts";
import { type Pod, podPath } from "./pod.ts";
import { type PodWorker, startPod } from "./pod-worker.ts";
import { startServiceNetwork } from "./services/start-service-network.ts";

export interface NodeAgentOptions {
  readonly api: KubeApi;
  /** Folder for the output of the containers. */
  readonly logs: string;
  /** Folder for volumes of Pods. */
  readonly folder: string;
  /** Default `node-1`. */
  readonly name?: string;
  /** First three numbers of the Pods' addresses. Default `10.244.1`. */
  readonly subnet?: string;
  /** Whether it plays kube-proxy, the DNS and a cloud's load balancer as well; one node of a cluster does. Default true. */
  readonly services?: boolean;
  /** Images besides those of `images.ts`, by name without registry and tag. */
  readonly images?: Readonly<Record<string, Image>>;
}

export interface NodeAgent extends AsyncDisposable {
  readonly name: string;
  /** Kills all processes at once, as a node that loses power. */
  stop(): Promise<void>;
}

/** The node's own address: the one that scripts/netns-loopback.py gives to lo. */
const HOST_ADDRESS = "10.244.0.1";
const LEASE_RENEWAL_MS = 10_000;

/**
 * Plays kubelet and scheduler of one node: binds every Pod that is not bound, whatever it asks for, and runs each container as a process on an
 * address of the Pod's own, with probes, hooks and grace periods as a kubelet has them. Resolves when the Node is there.
 * It gives no heed to resources, users and capabilities, and knows no gRPC probes.
 */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { api, logs, folder, name = "node-1", subnet = "10.244.1" } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const images = { ...IMAGES, ...options.images };
  const workers = new Map<string, PodWorker>();
  const bound = new Set<string>();
  const nextAddress = addresses(subnet);
  const cache = createObjectCache(api);
  for (const each of [logs, folder]) mkdirSync(each, { recursive: true });

  const reconcile = (pods: ReadonlyMap<string, Pod>): void => {
    const present = new Set<string>();
    for (const pod of pods.values()) {
      const { uid = "" } = pod.metadata;
      present.add(uid);
      if (isUnbound(pod) && !bound.has(uid)) {
        bound.add(uid);
        void bind(api, pod, name, signal);
      } else if (pod.spec.nodeName === name) {
        const worker = workers.get(uid);
        if (worker) worker.update(pod);
        else if (!hasEnded(pod)) workers.set(uid, started(pod));
      }
    }
    for (const [uid, worker] of workers) {
      if (present.has(uid)) continue;
      workers.delete(uid);
      bound.delete(uid);
      void worker.kill();
    }
  };
  const started = (pod: Pod): PodWorker => {
    const address = nextAddress();
    const worker = startPod(pod, {
      ...{ api, cache, address, hostAddress: HOST_ADDRESS, images, logs, signal },
      folder: join(folder, pod.metadata.uid ?? pod.metadata.name),
    });
    worker.update(pod);
    return worker;
  };
  const watchPods = async (): Promise<void> => {
    for await (const pods of reflect<Pod>(api, "/api/v1/pods", signal)) reconcile(pods);
  };

  await register(api, name, signal);
  const network = options.services === false ? undefined : await startServiceNetwork(api);
  const loops = [watchPods(), renewLease(api, name, signal)];
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(loops);
    await Promise.all([...workers.values()].map((worker) => worker.kill()));
    workers.clear();
    await network?.stop();
  };
  return { name, stop, [Symbol.asyncDispose]: stop };
}

/** Addresses from .1 to .254, over and over; there are fewer Pods than that at a time. */
function addresses(subnet: string): () => string {
  let last = 0;
  return () => {
    last = (last % 254) + 1;
    return `${subnet}.${last}`;
  };
}

function isUnbound({ metadata, spec }: Pod): boolean {
  const ours = spec.schedulerName === undefined || spec.schedulerName === "default-scheduler";
  const gated = (spec.schedulingGates ?? []).length > 0;
  return spec.nodeName === undefined && ours && !gated && metadata.deletionTimestamp === undefined;
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

async function bind(api: KubeApi, pod: Pod, node: string, signal: AbortSignal): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const body = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, namespace, uid },
    target: { apiVersion: "v1", kind: "Node", name: node },
  };
  await persist(() => api.send("POST", `${podPath(pod)}/binding`, { body, signal }), signal);
}

async function register(api: KubeApi, name: string, signal: AbortSignal): Promise<void> {
  const apply = (path: string, body: object) =>
    persist(
      () =>
        api.send("PATCH", `${path}?fieldManager=node-agent&force=true`, {
          body,
          contentType: "application/apply-patch+yaml",
          signal,
        }),
      signal,
    );
  const { status, ...node } = nodeObject(name, HOST_ADDRESS);
  await apply(`/api/v1/nodes/${name}`, node);
  await apply(`/api/v1/nodes/${name}/status`, { ...node, status });
}

async function renewLease(api: KubeApi, name: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await persist(
      () =>
        api.send(
          "PATCH",
          `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}?fieldManager=node-agent&force=true`,
          { body: nodeLease(name), contentType: "application/apply-patch+yaml", signal },
        ),
      signal,
    );
    await delay(LEASE_RENEWAL_MS, undefined, { signal }).catch(() => {});
  }
}

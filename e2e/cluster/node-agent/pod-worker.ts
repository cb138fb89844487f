import { join } from "node:path";
import { type KubeApi, KubeApiError } from "../src/kube-api.ts";
import { type ContainerUnit, createContainer } from "./container.ts";
import type { ReadObject } from "./environment.ts";
import type { Place } from "./fields.ts";
import { findImage, type Image } from "./images.ts";
import { type DataObject, type ObjectCache, valuesOf } from "./object-cache.ts";
import { persist } from "./persist.ts";
import { type Container, type Pod, podPath } from "./pod.ts";
import { openPodBox, type PodBox } from "./pod-box.ts";
import { isReady, podStatus } from "./pod-status.ts";
import { DNS_ADDRESS } from "./services/start-service-network.ts";
import { timestamp } from "./timestamp.ts";

export interface PodWorkerOptions {
  readonly api: KubeApi;
  readonly cache: ObjectCache;
  /** For the Pod's volumes; made when needed, removed at the end. */
  readonly folder: string;
  readonly address: string;
  readonly hostAddress: string;
  readonly images: Readonly<Record<string, Image>>;
  /** Folder for the output of the containers. */
  readonly logs: string;
  /** Ends what is still tried on the API server. */
  readonly signal: AbortSignal;
}

/** The life of one Pod on this node. */
export interface PodWorker {
  /** The Pod as the API server has it now. */
  update(pod: Pod): void;
  /** The Pod is no more: its processes are killed. Resolves when they are gone. */
  kill(): Promise<void>;
}

/** Starts a Pod's containers, reports its status, and ends it when its object says so. */
export function startPod(first: Pod, options: PodWorkerOptions): PodWorker {
  const { api, cache, folder, address, hostAddress, images, logs, signal } = options;
  const startTime = timestamp();
  const grace = createDeadline();
  let pod = first;
  let ending = false;
  let box: Promise<PodBox | undefined> = Promise.resolve(undefined);
  let opened: PodBox | undefined;
  const gone = new AbortController();
  const place = (): Place => ({ pod, address, hostAddress });
  const { namespace = "default", name } = pod.metadata;

  const create = (spec: Container, init: boolean): ContainerUnit => {
    const logFile = join(logs, `${namespace}_${name}_${spec.name}.log`);
    // Containers tell of their first change while the list of them is being made.
    const onChange = () => void Promise.resolve().then(report);
    const read = readObjects(api, namespace);
    return createContainer({ place, spec, images, logFile, init, read, box: () => opened, onChange });
  };
  const report = createReporter(async () => {
    const status = podStatus({
      ...{ pod, address, hostAddress, startTime, time: timestamp() },
      containers: containers.map((unit) => unit.state()),
      initContainers: inits.map((unit) => unit.state()),
    });
    // With the uid the patch is refused when another Pod has taken the name.
    const body = { metadata: { uid: pod.metadata.uid }, status };
    const patch = { body, contentType: "application/merge-patch+json", signal };
    await persist(() => api.send("PATCH", `${podPath(pod)}/status`, patch), signal);
  });
  const inits = (pod.spec.initContainers ?? []).map((spec) => create(spec, spec.restartPolicy !== "Always"));
  const containers = pod.spec.containers.map((spec) => create(spec, false));
  const isSidecar = (unit: ContainerUnit): boolean => unit.state().spec.restartPolicy === "Always";
  const ready = (): boolean =>
    isReady(
      containers.map((unit) => unit.state()),
      inits.map((unit) => unit.state()),
    );

  const begin = async (): Promise<void> => {
    if (wantsBox(pod, images)) {
      const life = AbortSignal.any([signal, gone.signal]);
      box = openPodBox({ api, cache, place, signal: life, folder, dnsAddress: DNS_ADDRESS });
      opened = await box;
    }
    for (const unit of inits) {
      unit.start();
      await (isSidecar(unit) ? unit.started : unit.ended);
      const { state } = unit.state();
      if (!isSidecar(unit) && !(state.is === "terminated" && state.exitCode === 0)) return;
    }
    for (const unit of containers) unit.start();
  };
  /** The last started goes first, as for a kubelet: sidecars outlive what they serve. */
  const terminate = async (deadline: AbortSignal): Promise<void> => {
    const sidecars = inits.filter(isSidecar);
    const others = [...containers, ...inits.filter((unit) => !isSidecar(unit))];
    await Promise.all(others.map((unit) => unit.terminate(deadline)));
    for (const unit of sidecars.reverse()) await unit.terminate(deadline);
    gone.abort();
    await (await box.catch(() => undefined))?.close();
  };
  const end = async (): Promise<void> => {
    await terminate(grace.signal);
    await report();
    const preconditions = { uid: pod.metadata.uid };
    const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, preconditions };
    await persist(() => api.send("DELETE", podPath(pod), { body, signal }), signal);
  };
  // Told of, as the Pod would wait in silence otherwise.
  begin().catch((error: unknown) => console.error(`node agent: ${namespace}/${name}: ${error}`));

  return {
    update(next) {
      pod = next;
      if (pod.metadata.deletionTimestamp !== undefined) {
        grace.shorten((pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000);
        if (!ending) void end();
        ending = true;
      } else if (reportsOtherwise(pod, ready())) void report();
    },
    async kill() {
      grace.shorten(0);
      for (const unit of [...containers, ...inits]) unit.kill();
      await terminate(AbortSignal.abort());
    },
  };
}

/** Whether the Pod has a container whose image asks for namespaces of its own. */
function wantsBox({ spec }: Pod, images: Readonly<Record<string, Image>>): boolean {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  return all.some(({ image }) => findImage(images, image)?.network === "own");
}

function readObjects(api: KubeApi, namespace: string): ReadObject {
  return async (resource, name) => {
    try {
      const object = await api.get<DataObject>(`/api/v1/namespaces/${namespace}/${resource}/${name}`);
      return valuesOf(object, resource);
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return undefined;
      throw error;
    }
  };
}

/** Whether the API server has another idea of a Pod's readiness, such as a controller's that took the node for dead. */
function reportsOtherwise({ status }: Pod, ready: boolean): boolean {
  const reported = status?.conditions?.find(({ type }) => type === "Ready");
  return reported !== undefined && (reported.status === "True") !== ready;
}

/** One run of `send` at a time; asked during one, it runs once more after. Resolves when what was asked is sent. */
function createReporter(send: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = (): Promise<void> => {
    running = send().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return run();
    next ??= running.then(() => {
      next = undefined;
      return run();
    });
    return next;
  };
}

/** A signal that comes after a time that can only be shortened. */
function createDeadline(): { readonly signal: AbortSignal; shorten(ms: number): void } {
  const controller = new AbortController();
  let at = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    shorten(ms) {
      const then = performance.now() + ms;
      if (then >= at) return;
      at = then;
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), ms);
    },
  };
}

import { join } from "node:path";
import type { KubeApi } from "../src/kube-api.ts";
import { type ContainerUnit, runContainer } from "./container.ts";
import type { Image } from "./images.ts";
import { persist } from "./persist.ts";
import { type Pod, podPath } from "./pod.ts";
import { isReady, podStatus } from "./pod-status.ts";
import { timestamp } from "./timestamp.ts";

export interface PodWorkerOptions {
  readonly api: KubeApi;
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
  const { api, address, hostAddress, images, logs, signal } = options;
  const startTime = timestamp();
  const grace = createDeadline();
  let pod = first;
  let ending = false;
  let units: readonly ContainerUnit[] = [];

  const states = () => units.map((unit) => unit.state());
  const compute = () =>
    podStatus({ pod, address, hostAddress, startTime, containers: states(), time: timestamp() });
  const report = createReporter(async () => {
    // With the uid the patch is refused when another Pod has taken the name.
    const body = { metadata: { uid: pod.metadata.uid }, status: compute() };
    const patch = { body, contentType: "application/merge-patch+json", signal };
    await persist(() => api.send("PATCH", `${podPath(pod)}/status`, patch), signal);
  });

  const end = async (): Promise<void> => {
    await Promise.all(units.map((unit) => unit.terminate(grace.signal)));
    await report();
    const preconditions = { uid: pod.metadata.uid };
    const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, preconditions };
    await persist(() => api.send("DELETE", podPath(pod), { body, signal }), signal);
  };

  units = pod.spec.containers.map((spec) => {
    const { namespace, name } = pod.metadata;
    const logFile = join(logs, `${namespace}_${name}_${spec.name}.log`);
    // Containers tell of their first change while the list of them is being made.
    const onChange = () => void Promise.resolve().then(report);
    return runContainer({ pod, spec, address, hostAddress, images, logFile, onChange });
  });

  return {
    update(next) {
      pod = next;
      if (pod.metadata.deletionTimestamp !== undefined) {
        grace.shorten((pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000);
        if (!ending) void end();
        ending = true;
      } else if (reportsOtherwise(pod, isReady(states()))) void report();
    },
    async kill() {
      grace.shorten(0);
      for (const unit of units) unit.kill();
      await Promise.all(units.map((unit) => unit.terminate(AbortSignal.abort())));
    },
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

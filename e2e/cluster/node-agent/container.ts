import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type ActionContext, perform } from "./action.ts";
import { environment, expand, type ReadObject } from "./environment.ts";
import type { Place } from "./fields.ts";
import { findImage, type Image, type Program } from "./images.ts";
import type { Container, ContainerState, RunState } from "./pod.ts";
import type { PodBox } from "./pod-box.ts";
import { probeLoop } from "./probe-loop.ts";
import { type RunningProgram, startProgram } from "./program.ts";
import { inNamespacesOf } from "./sandbox.ts";
import { timestamp } from "./timestamp.ts";

export interface ContainerOptions {
  readonly place: () => Place;
  readonly spec: Container;
  readonly images: Readonly<Record<string, Image>>;
  readonly logFile: string;
  /** One that runs to its end before the Pod's others start. */
  readonly init: boolean;
  readonly read: ReadObject;
  /** Namespaces and volumes of the Pod; without them, the process runs in the node's. */
  readonly box: () => PodBox | undefined;
  /** Called after each change of {@link ContainerUnit.state}. */
  readonly onChange: () => void;
}

/** A container: its process, started again as the Pod's restart policy says, and its probes. */
export interface ContainerUnit {
  state(): ContainerState;
  /** Starts it; once. */
  start(): void;
  /** Resolves when it has started for the first time, by its startup probe and its postStart hook. */
  readonly started: Promise<void>;
  /** Resolves when its process has ended for good, and is not started again. */
  readonly ended: Promise<void>;
  /** preStop, SIGTERM, and SIGKILL when the deadline is over; resolves when the process is gone. */
  terminate(deadline: AbortSignal): Promise<void>;
  /** SIGKILL at once. */
  kill(): void;
}

/** A kubelet leaves so much to a process whose preStop hook took the whole grace period. */
const MINIMUM_GRACE_MS = 2000;

export function createContainer(options: ContainerOptions): ContainerUnit {
  const { spec, onChange } = options;
  const ending = new AbortController();
  const begun = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  let state: ContainerState = {
    spec,
    state: { is: "waiting", reason: options.init ? "PodInitializing" : "ContainerCreating" },
    ready: false,
    started: false,
    restarts: 0,
  };
  let running: { readonly program: RunningProgram; readonly context: ActionContext } | undefined;
  const set = (change: Partial<ContainerState>): void => {
    state = { ...state, ...change };
    if (state.started) started.resolve();
    onChange();
  };

  /** One life of the process, with its probes; resolves with its exit code. */
  const runOnce = async ({ program, env, context, boxed }: Prepared): Promise<number> => {
    const since = timestamp();
    const process = startProgram(program, env, options.logFile, boxed);
    const failure = await process.entered;
    if (failure !== "") appendFileSync(options.logFile, `node agent: ${failure}\n`);
    const { pid } = process;
    const own = boxed && pid ? { ...context, enter: (line: Program) => inNamespacesOf(pid, line) } : context;
    running = { program: process, context: own };
    const life = new AbortController();
    void process.exit.then(() => life.abort());
    const hook = spec.lifecycle?.postStart;
    set({ state: { is: "running", since }, started: false, ready: false });
    if (hook && !(await perform(hook, own, life.signal))) process.kill();
    if (!life.signal.aborted) {
      set({ started: spec.startupProbe === undefined });
      startProbes(spec, own, life.signal, ending.signal, { set, restart: () => process.kill() });
    }
    const exitCode = await process.exit;
    running = undefined;
    set({
      state: { is: "terminated", since, until: timestamp(), exitCode },
      ready: options.init && exitCode === 0,
      started: false,
    });
    return exitCode;
  };

  /** Tries until all that the container refers to is there. Undefined when it ends before. */
  const untilPrepared = async (): Promise<Prepared | undefined> => {
    while (!ending.signal.aborted) {
      const prepared = await prepare(options);
      if (!("is" in prepared)) return prepared;
      set({ state: prepared });
      await delay(1000, undefined, { signal: ending.signal }).catch(() => {});
    }
    return undefined;
  };

  const live = async (): Promise<void> => {
    await begun.promise;
    for (let waitMs = 0; ; waitMs = Math.min(Math.max(waitMs * 2, 1000), 60_000)) {
      const prepared = await untilPrepared();
      if (prepared === undefined || ending.signal.aborted) return;
      const exitCode = await runOnce(prepared);
      if (ending.signal.aborted || !startsAgain(options, exitCode)) return;
      if (waitMs > 0) set({ state: { is: "waiting", reason: "CrashLoopBackOff" } });
      await delay(waitMs, undefined, { signal: ending.signal }).catch(() => {});
      if (!ending.signal.aborted) set({ restarts: state.restarts + 1 });
    }
  };
  const lived = live();
  const end = (): void => {
    ending.abort();
    begun.resolve();
  };

  return {
    state: () => state,
    start: () => begun.resolve(),
    started: started.promise,
    ended: lived,
    async terminate(deadline) {
      end();
      const hook = spec.lifecycle?.preStop;
      if (running && hook) await perform(hook, running.context, deadline);
      running?.program.terminate();
      const grace = deadline.aborted ? delay(MINIMUM_GRACE_MS, undefined, { ref: false }) : aborted(deadline);
      await Promise.race([lived, grace]);
      running?.program.kill();
      await lived;
    },
    kill() {
      end();
      running?.program.kill();
    },
  };
}

interface Reactions {
  readonly set: (change: Partial<ContainerState>) => void;
  readonly restart: () => void;
}

/** Readiness goes on while the Pod ends, so that `serving` stays true; the others must not disturb an end. */
function startProbes(
  { startupProbe, readinessProbe, livenessProbe }: Container,
  context: ActionContext,
  life: AbortSignal,
  ending: AbortSignal,
  { set, restart }: Reactions,
): void {
  const lively = AbortSignal.any([life, ending]);
  const onceStarted = (): void => {
    if (readinessProbe === undefined) set({ started: true, ready: true });
    else {
      set({ started: true });
      void probeLoop(readinessProbe, context, life, (ready) => set({ ready }), true);
    }
    if (livenessProbe) void probeLoop(livenessProbe, context, lively, (alive) => !alive && restart());
  };
  if (startupProbe === undefined) {
    onceStarted();
    return;
  }
  const done = new AbortController();
  void probeLoop(startupProbe, context, AbortSignal.any([lively, done.signal]), (started) => {
    if (!started) return restart();
    done.abort();
    onceStarted();
  });
}

interface Prepared {
  readonly program: Program;
  readonly env: Record<string, string>;
  readonly context: ActionContext;
  readonly boxed: boolean;
}

/** What to start, or why nothing can be. */
async function prepare({ place, spec, images, read, box }: ContainerOptions): Promise<Prepared | RunState> {
  const image = findImage(images, spec.image);
  if (image === undefined) {
    const message = `the node agent has no image ${spec.image}; it has ${Object.keys(images).join(", ")}`;
    return { is: "waiting", reason: "ErrImageNeverPull", message };
  }
  try {
    const here = place();
    const { pod, address } = here;
    const env: Record<string, string> = { ...API_SERVER, ...(await environment(spec, here, read)) };
    env.PATH = [...(image.path ?? []), env.PATH ?? ""].join(":");
    const program = image.program({ pod, container: spec, address, env });
    const [command, ...rest] = (spec.command ?? []).map((each) => expand(each, env));
    const args = (spec.args ?? []).map((each) => expand(each, env));
    const own =
      command === undefined
        ? { ...program, args: [...program.args, ...args] }
        : { command, args: [...rest, ...args] };
    const inside = box();
    const context = { container: spec, address, env };
    return { program: inside?.wrap(spec, own) ?? own, env, context, boxed: inside !== undefined };
  } catch (error) {
    return { is: "waiting", reason: "CreateContainerConfigError", message: String(error) };
  }
}

/** What a kubelet tells every container of the Service `kubernetes`; its address is the first of the range. */
const API_SERVER = {
  KUBERNETES_SERVICE_HOST: "10.96.0.1",
  KUBERNETES_SERVICE_PORT: "443",
  KUBERNETES_SERVICE_PORT_HTTPS: "443",
};

function startsAgain({ place, spec, init }: ContainerOptions, exitCode: number): boolean {
  const { restartPolicy = "Always" } = place().pod.spec;
  if (spec.restartPolicy === "Always") return true;
  if (init) return exitCode !== 0 && restartPolicy !== "Never";
  return restartPolicy === "Always" || (restartPolicy === "OnFailure" && exitCode !== 0);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

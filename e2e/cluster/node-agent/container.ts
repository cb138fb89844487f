import { setTimeout as delay } from "node:timers/promises";
import { type ActionContext, perform } from "./action.ts";
import { environment, expand } from "./environment.ts";
import type { Image, Program } from "./images.ts";
import type { Container, ContainerState, Pod, RunState } from "./pod.ts";
import { probeLoop } from "./probe-loop.ts";
import { type RunningProgram, startProgram } from "./program.ts";
import { timestamp } from "./timestamp.ts";

export interface ContainerOptions {
  readonly pod: Pod;
  readonly spec: Container;
  readonly address: string;
  readonly hostAddress: string;
  readonly images: Readonly<Record<string, Image>>;
  readonly logFile: string;
  /** Called after each change of {@link ContainerUnit.state}. */
  readonly onChange: () => void;
}

/** A container: its process, started again as the Pod's restart policy says, and its probes. */
export interface ContainerUnit {
  state(): ContainerState;
  /** preStop, SIGTERM, and SIGKILL when the deadline is over; resolves when the process is gone. */
  terminate(deadline: AbortSignal): Promise<void>;
  /** SIGKILL at once. */
  kill(): void;
}

/** A kubelet leaves so much to a process whose preStop hook took the whole grace period. */
const MINIMUM_GRACE_MS = 2000;

export function runContainer(options: ContainerOptions): ContainerUnit {
  const { pod, spec, onChange } = options;
  const ending = new AbortController();
  let state: ContainerState = {
    spec,
    state: { is: "waiting", reason: "ContainerCreating" },
    ready: false,
    started: false,
    restarts: 0,
  };
  let running: RunningProgram | undefined;
  const set = (change: Partial<ContainerState>): void => {
    state = { ...state, ...change };
    onChange();
  };

  /** One life of the process, with its probes; resolves with its exit code. */
  const runOnce = async (
    program: Program,
    context: ActionContext,
    env: Record<string, string>,
  ): Promise<number> => {
    const since = timestamp();
    running = startProgram(program, env, options.logFile);
    const life = new AbortController();
    set({ state: { is: "running", since }, started: spec.startupProbe === undefined, ready: false });
    startProbes(spec, context, life.signal, ending.signal, { set, restart: () => running?.kill() });
    const exitCode = await running.exit;
    life.abort();
    running = undefined;
    set({ state: { is: "terminated", since, until: timestamp(), exitCode }, ready: false, started: false });
    return exitCode;
  };

  const live = async (): Promise<void> => {
    const prepared = prepare(options);
    if ("is" in prepared) return set({ state: prepared });
    for (let waitMs = 0; !ending.signal.aborted; waitMs = Math.min(Math.max(waitMs * 2, 1000), 60_000)) {
      const exitCode = await runOnce(prepared.program, prepared.context, prepared.env);
      if (ending.signal.aborted || !startsAgain(pod, exitCode)) return;
      if (waitMs > 0) set({ state: { is: "waiting", reason: "CrashLoopBackOff" } });
      await delay(waitMs, undefined, { signal: ending.signal }).catch(() => {});
      if (!ending.signal.aborted) set({ restarts: state.restarts + 1 });
    }
  };
  const lived = live();

  return {
    state: () => state,
    async terminate(deadline) {
      ending.abort();
      const hook = spec.lifecycle?.preStop;
      const prepared = prepare(options);
      if (running && hook && "context" in prepared) await perform(hook, prepared.context, deadline);
      running?.terminate();
      const grace = deadline.aborted ? delay(MINIMUM_GRACE_MS, undefined, { ref: false }) : aborted(deadline);
      await Promise.race([lived, grace]);
      running?.kill();
      await lived;
    },
    kill() {
      ending.abort();
      running?.kill();
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
}

/** What to start, or why nothing can be. */
function prepare({ pod, spec, address, hostAddress, images }: ContainerOptions): Prepared | RunState {
  const name = spec.image.replace(/:[^/]*$/, "");
  const image = images[name];
  if (image === undefined) {
    const message = `the node agent has no image ${name}; it has ${Object.keys(images).join(", ")}`;
    return { is: "waiting", reason: "ErrImageNeverPull", message };
  }
  try {
    const env = environment(spec, pod, address, hostAddress);
    const program = image({ pod, container: spec, address, env });
    const [command, ...rest] = (spec.command ?? []).map((each) => expand(each, env));
    const args = (spec.args ?? []).map((each) => expand(each, env));
    const own =
      command === undefined
        ? { ...program, args: [...program.args, ...args] }
        : { command, args: [...rest, ...args] };
    return { program: own, env, context: { container: spec, address, env } };
  } catch (error) {
    return { is: "waiting", reason: "CreateContainerConfigError", message: String(error) };
  }
}

function startsAgain({ spec: { restartPolicy = "Always" } }: Pod, exitCode: number): boolean {
  return restartPolicy === "Always" || (restartPolicy === "OnFailure" && exitCode !== 0);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

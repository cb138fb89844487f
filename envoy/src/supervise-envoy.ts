import { setTimeout as delay } from "node:timers/promises";
import type { EnvoyExit, EnvoyProcess } from "./start-envoy.ts";

export interface SuperviseOptions {
  /** Starts one Envoy; called again after each crash. */
  readonly start: () => EnvoyProcess;
  /** Reported once per crash, before the wait. `restart` counts crashes since the last Envoy that served. */
  readonly onCrash?: (crash: { exit: EnvoyExit; restart: number; waitMs: number }) => void;
  readonly onReady?: (envoy: EnvoyProcess) => void;
  /** First wait and its bound; doubled in between, with up to a fifth of jitter. Default 100 and 10,000. */
  readonly backoffMs?: { readonly first: number; readonly most: number };
  readonly random?: () => number;
}

export interface SupervisedEnvoy {
  /** The one that runs, or ran last. */
  current(): EnvoyProcess;
  /** When the first one serves. Rejects when it ends before that; it is started again all the same. */
  readonly ready: Promise<void>;
  /** When supervision has ended and the process is gone. */
  readonly done: Promise<void>;
  drain(timeoutMs: number): Promise<void>;
  stop(graceMs?: number): Promise<void>;
}

/** Keeps one Envoy running: one that ends by itself is started again, after a wait that grows while none serves. */
export function superviseEnvoy(options: SuperviseOptions): SupervisedEnvoy {
  const stopping = new AbortController();
  let current = options.start();
  const ready = current.ready;

  const supervise = async () => {
    let restart = 0;
    while (true) {
      const envoy = current;
      let served = false;
      envoy.ready.then(
        () => {
          served = true;
          options.onReady?.(envoy);
        },
        () => {},
      );
      const exit = await envoy.exit;
      if (stopping.signal.aborted) return;
      restart = served ? 1 : restart + 1;
      const waitMs = backoff(restart, options);
      options.onCrash?.({ exit, restart, waitMs });
      // An abort ends the wait early; the check after it tells.
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      current = options.start();
    }
  };
  const done = supervise();
  const end = async (how: () => Promise<EnvoyExit>) => {
    stopping.abort();
    await how();
    await done;
  };
  return {
    current: () => current,
    ready,
    done,
    drain: (timeoutMs) => end(() => current.drain(timeoutMs)),
    stop: (graceMs) => end(() => current.stop(graceMs)),
  };
}

function backoff(restart: number, { backoffMs, random }: SuperviseOptions): number {
  const { first, most } = backoffMs ?? { first: 100, most: 10_000 };
  return Math.min(first * 2 ** (restart - 1), most) * (1 + (random ?? Math.random)() / 5);
}

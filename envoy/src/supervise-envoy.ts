import { setTimeout as delay } from "node:timers/promises";
import type { EnvoyExit, EnvoyProcess } from "./start-envoy.ts";

/** An Envoy that ended by itself, or could not be started. */
export interface EnvoyCrash {
  /** Absent: it could not be started, as when the disk is full, and `error` says why. */
  readonly exit?: EnvoyExit;
  readonly error?: unknown;
  /** Counts crashes since the last Envoy that served. */
  readonly restart: number;
  readonly waitMs: number;
}

export interface SuperviseOptions {
  /** Starts one Envoy; called again after each crash. */
  readonly start: () => EnvoyProcess;
  /** Reported once per crash, before the wait. */
  readonly onCrash?: (crash: EnvoyCrash) => void;
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

/**
 * Keeps one Envoy running: one that ends by itself is started again, after a wait that grows while none serves. Throws
 * if the first cannot be started; later that is a crash like others.
 */
export function superviseEnvoy(options: SuperviseOptions): SupervisedEnvoy {
  const stopping = new AbortController();
  let current = options.start();
  const ready = current.ready;
  let restart = 0;

  const wait = async (crash: Pick<EnvoyCrash, "exit" | "error">) => {
    restart++;
    const waitMs = backoff(restart, options);
    options.onCrash?.({ ...crash, restart, waitMs });
    // An abort ends the wait early; whoever waited looks at it.
    await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
  };
  const startAgain = async () => {
    while (!stopping.signal.aborted) {
      try {
        current = options.start();
        return;
      } catch (error) {
        await wait({ error });
      }
    }
  };
  const supervise = async () => {
    while (!stopping.signal.aborted) {
      const envoy = current;
      envoy.ready.then(
        () => {
          restart = 0;
          options.onReady?.(envoy);
        },
        () => {},
      );
      const exit = await envoy.exit;
      if (stopping.signal.aborted) return;
      await wait({ exit });
      await startAgain();
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

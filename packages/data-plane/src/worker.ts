import { ApiError, type BackoffLimits, backoffMs, type Clock } from "@sluice/kubernetes-api";

/** Does one thing whenever it is asked to, never twice at a time. */
export interface Worker {
  /** Asks for a run after now, soon. */
  request(): void;
  /** Ends it; resolves when nothing runs any more. */
  close(): Promise<void>;
}

export interface WorkerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Resolves with the time (milliseconds since the epoch) of the next run that is due by itself, if there is one. */
  readonly run: (signal: AbortSignal) => Promise<number | undefined>;
  readonly onError: (error: unknown) => void;
  readonly backoff?: BackoffLimits;
}

/** Changes come in bursts, such as the status of a Deployment whose Pods start. */
const GATHER_MS = 100;
/** Nothing waits longer: timers of Node hold 24 days, and a clock may be set. */
const MAX_WAIT_MS = 3_600_000;
const BACKOFF: BackoffLimits = { firstMs: 500, maxMs: 60_000 };

/** A run that fails is tried again, with growing waits of some randomness; a request meanwhile does not shorten them. */
export function createWorker({ clock, random, run, onError, backoff = BACKOFF }: WorkerOptions): Worker {
  const ending = new AbortController();
  const { signal } = ending;
  let requested = Promise.withResolvers<void>();
  let failures = 0;

  const once = async (): Promise<number | undefined> => {
    try {
      const next = await run(signal);
      failures = 0;
      return next;
    } catch (error) {
      if (signal.aborted) return undefined;
      onError(error);
      const asked = error instanceof ApiError ? error.retryAfterMs : 0;
      await clock.sleep(Math.max(asked, backoffMs(failures++, backoff, random)), signal);
      return clock.now();
    }
  };
  const untilDue = async (at: number): Promise<void> => {
    const wait = Math.min(MAX_WAIT_MS, Math.max(0, at - clock.now()));
    const early = new AbortController();
    const waiting = AbortSignal.any([signal, early.signal]);
    await Promise.race([clock.sleep(wait, waiting), requested.promise]);
    early.abort();
  };
  const live = async (): Promise<void> => {
    await requested.promise;
    while (!signal.aborted) {
      await clock.sleep(GATHER_MS, signal);
      if (signal.aborted) return;
      requested = Promise.withResolvers<void>();
      const next = await once();
      await untilDue(next ?? Number.POSITIVE_INFINITY);
    }
  };
  const ended = live();
  return {
    request: () => requested.resolve(),
    async close() {
      ending.abort();
      requested.resolve();
      await ended;
    },
  };
}

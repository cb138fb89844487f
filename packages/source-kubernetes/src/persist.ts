import type { Clock } from "@sluice/kubernetes-api";
import { ApiError, type BackoffLimits, backoffMs } from "@sluice/kubernetes-api";

/**
 * What a step came to. `again`: the next may follow at once. `progress`: likewise, and failures before it are forgotten.
 * `nothing`: it counts as a failure, though nobody is told. A number: milliseconds to wait.
 */
export type Outcome = "again" | "progress" | "nothing" | number;

export interface PersistOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: BackoffLimits;
  readonly signal: AbortSignal;
  /** Ends a wait early each time it fires; there is a new one after that. */
  readonly wake: () => AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** Runs the step again and again, with growing waits while it fails, until the signal. Never rejects. */
export async function persist(step: () => Promise<Outcome>, options: PersistOptions): Promise<void> {
  const { clock, random, backoff, signal } = options;
  let failures = 0;
  const attempt = async (): Promise<number> => {
    try {
      const outcome = await step();
      if (typeof outcome === "number") return outcome;
      if (outcome === "progress") failures = 0;
      return outcome === "nothing" ? backoffMs(failures++, backoff, random) : 0;
    } catch (error) {
      if (signal.aborted) return 0;
      options.onError(error);
      const asked = error instanceof ApiError ? error.retryAfterMs : 0;
      return Math.max(asked, backoffMs(failures++, backoff, random));
    }
  };
  while (!signal.aborted) {
    const wait = await attempt();
    if (wait > 0 && !signal.aborted) await clock.sleep(wait, AbortSignal.any([signal, options.wake()]));
  }
}

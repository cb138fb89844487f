import { ApiError, type BackoffLimits, backoffMs, type Clock } from "@sluice/kubernetes-api";

/** How urgent a piece of work is: `soon` is what somebody may be waiting for. */
export type Urgency = "soon" | "later";

/** What work came to. */
export interface Result {
  /** Whether it cost a request. */
  readonly wrote: boolean;
  /** Milliseconds until it is to be looked at again; absent: not before something new is added. */
  readonly againMs?: number | undefined;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Requests a second that the queue makes in the long run. */
  readonly perSecond: number;
  /** Requests that may come at once after a rest. */
  readonly burst: number;
  /** Requests under way at a time. */
  readonly parallel: number;
  readonly work: (key: string, signal: AbortSignal) => Promise<Result>;
  readonly onError: (key: string, error: unknown) => void;
}

/**
 * Works on keys, each once however often it was added meanwhile, not faster than the API server should be asked, and what is
 * urgent first. A key that fails is tried again after a growing wait.
 */
export interface WorkQueue {
  add(key: string, urgency?: Urgency): void;
  /** Works only while it is on; what was added stays. */
  setOn(isOn: boolean): void;
  readonly size: number;
  /** Stops; resolves when no work is under way. */
  close(): Promise<void>;
}

const BACKOFF: BackoffLimits = { firstMs: 500, maxMs: 60_000 };

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, random, perSecond, burst, parallel } = options;
  const queues: Readonly<Record<Urgency, Set<string>>> = { soon: new Set(), later: new Set() };
  const running = new Set<string>();
  const failures = new Map<string, number>();
  const sleeping = new Map<string, AbortController>();
  const end = new AbortController();
  let tokens = burst;
  let filledAt = clock.now();
  let isOn = false;
  let isPumping = false;
  /** Ends the wait for a token when one is given back. */
  let wake = new AbortController();
  let idle: (() => void) | undefined;

  const refill = (): void => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };
  const next = (): string | undefined => {
    for (const queue of [queues.soon, queues.later])
      for (const key of queue) {
        // One that is being worked on is looked at again when that has ended.
        if (running.has(key)) continue;
        queue.delete(key);
        return key;
      }
    return undefined;
  };
  const retry = (key: string, ms: number): void => {
    const wake = new AbortController();
    sleeping.set(key, wake);
    void clock.sleep(ms, AbortSignal.any([wake.signal, end.signal])).then(() => {
      if (sleeping.get(key) !== wake || end.signal.aborted) return;
      sleeping.delete(key);
      add(key, "soon");
    });
  };
  const run = async (key: string): Promise<void> => {
    running.add(key);
    // Taken in advance, so that what runs at a time cannot exceed the rate; given back where nothing was asked.
    tokens--;
    try {
      const result = await options.work(key, end.signal);
      failures.delete(key);
      if (!result.wrote) {
        tokens++;
        wake.abort();
      }
      if (result.againMs !== undefined) retry(key, result.againMs);
    } catch (error) {
      if (end.signal.aborted) return;
      options.onError(key, error);
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      const asked = error instanceof ApiError ? error.retryAfterMs : 0;
      retry(key, Math.max(asked, backoffMs(count, BACKOFF, random)));
    } finally {
      running.delete(key);
      if (running.size === 0) idle?.();
      void pump();
    }
  };
  const pump = async (): Promise<void> => {
    if (isPumping) return;
    isPumping = true;
    try {
      while (isOn && !end.signal.aborted && running.size < parallel) {
        refill();
        if (tokens < 1) {
          if (queues.soon.size + queues.later.size === 0) return;
          wake = new AbortController();
          const ms = Math.ceil(((1 - tokens) / perSecond) * 1000);
          await clock.sleep(ms, AbortSignal.any([end.signal, wake.signal]));
          continue;
        }
        const key = next();
        if (key === undefined) return;
        void run(key);
      }
    } finally {
      isPumping = false;
    }
  };
  const add = (key: string, urgency: Urgency = "soon"): void => {
    // Something new about it: what failed before may work now, though not sooner than its turn.
    if (sleeping.has(key) && failures.has(key)) return;
    sleeping.get(key)?.abort();
    sleeping.delete(key);
    if (queues.soon.has(key) || queues[urgency].has(key)) return;
    queues.later.delete(key);
    queues[urgency].add(key);
    // What is added within one turn is sorted by urgency before any of it runs.
    queueMicrotask(() => void pump());
  };

  return {
    add,
    setOn(on) {
      isOn = on;
      void pump();
    },
    get size() {
      return queues.soon.size + queues.later.size + sleeping.size + running.size;
    },
    async close() {
      isOn = false;
      const { promise, resolve } = Promise.withResolvers<void>();
      idle = resolve;
      end.abort();
      if (running.size > 0) await promise;
    },
  };
}

import type { Clock } from "@sluice/kubernetes-api";

interface Sleep {
  readonly ms: number;
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves on, and wakes who is due. */
  advance(ms: number): void;
  /** Resolves with the length of a sleep within the bounds, in milliseconds, once so many (default: one) sleep so. */
  asleep(minMs: number, maxMs: number, count?: number): Promise<number>;
}

export function fakeClock(start = 1_000_000): FakeClock {
  let now = start;
  let sleeps: Sleep[] = [];
  let changed = Promise.withResolvers<void>();
  return {
    now: () => now,
    sleep(ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (signal.aborted) return Promise.resolve();
      const sleep: Sleep = { ms, at: now + ms, wake: resolve };
      sleeps.push(sleep);
      signal.addEventListener("abort", () => {
        sleeps = sleeps.filter((one) => one !== sleep);
        resolve();
      });
      changed.resolve();
      changed = Promise.withResolvers<void>();
      return promise;
    },
    advance(ms) {
      now += ms;
      const due = sleeps.filter(({ at }) => at <= now);
      sleeps = sleeps.filter(({ at }) => at > now);
      for (const { wake } of due) wake();
    },
    async asleep(minMs, maxMs, count = 1) {
      for (;;) {
        const [first, ...others] = sleeps.filter(({ ms }) => ms >= minMs && ms <= maxMs);
        if (first !== undefined && others.length >= count - 1) return first.ms;
        await changed.promise;
      }
    },
  };
}

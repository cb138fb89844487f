import type { Clock } from "../clock.ts";

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Runs what is due within so many milliseconds, in order, and leaves the clock there. */
  advance(ms: number): void;
  /** In how many milliseconds each timer is due, sorted. */
  due(): readonly number[];
}

/** `random` is what chance is to give, always. */
export function manualClock(random = 0): ManualClock {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    random: () => random,
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.run();
      }
      now = end;
    },
    due: () => [...timers].map(({ at }) => at - now).sort((a, b) => a - b),
  };
}

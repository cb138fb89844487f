import type { Clock } from "@sluice/kubernetes-api";

/** Does something at a time, which can be moved. */
export interface Alarm {
  /** Milliseconds since the epoch; replaces the time before. */
  setAt(at: number): void;
}

/** Timers of Node hold 2^31 ms at most; besides, the clock may be set meanwhile. */
const MAX_SLEEP_MS = 3_600_000;

/** Until the signal. What `act` throws is a bug, and thrown on as an unhandled rejection. */
export function createAlarm(clock: Clock, signal: AbortSignal, act: () => Promise<void>): Alarm {
  let current = new AbortController();
  const wait = async (at: number, mine: AbortSignal): Promise<void> => {
    for (let left = at - clock.now(); left > 0; left = at - clock.now()) {
      await clock.sleep(Math.min(left, MAX_SLEEP_MS), mine);
      if (mine.aborted) return;
    }
    await act();
  };
  return {
    setAt(at) {
      current.abort();
      current = new AbortController();
      if (!signal.aborted) void wait(at, AbortSignal.any([signal, current.signal]));
    },
  };
}

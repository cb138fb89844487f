/** Decides which of many events of a kind are logged. */
export interface LogThrottle {
  /**
   * How many events of this key came since the last one that was logged; `undefined`: this one is not to be logged, and is
   * counted.
   */
  pass(key: string): number | undefined;
}

const PAUSE_MS = 60_000;
/** Whoever causes the events may choose the keys. */
const MOST_KEYS = 1_000;

/**
 * Lets the first event of each key pass at once, and then at most one a minute. Above a thousand keys within a minute all
 * further ones count as one key. `now` in milliseconds.
 */
export function createLogThrottle(now: () => number): LogThrottle {
  // In the order in which they were logged.
  const told = new Map<string, { readonly at: number; since: number }>();
  const forget = (): void => {
    for (const [key, { at, since }] of told) {
      if (now() - at < PAUSE_MS) return;
      // Its next event is to say how many there were, if there is room to remember.
      if (since === 0 || told.size >= MOST_KEYS) told.delete(key);
    }
  };
  return {
    pass(key) {
      forget();
      const counted = told.has(key) || told.size < MOST_KEYS ? key : "";
      const last = told.get(counted);
      if (last !== undefined && now() - last.at < PAUSE_MS) {
        last.since++;
        return undefined;
      }
      told.delete(counted);
      told.set(counted, { at: now(), since: 0 });
      return last?.since ?? 0;
    },
  };
}

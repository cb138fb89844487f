/** Timers, and chance, so that tests can have their own. */
export interface Clock {
  /** Runs `run` once, `ms` milliseconds from now, unless the function that it returns is called before. */
  after(ms: number, run: () => void): () => void;
  /** A number from 0 up to but not including 1, to spread out what would otherwise happen at one moment. */
  random(): number;
}

/** The timers of this process. They do not keep it alive. */
export const systemClock: Clock = {
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

import type { Kind } from "@sluice/model";

/** What the source has done, by kind, since it started; for metrics. */
export interface Counters {
  /** Lists taken in, first ones included. */
  readonly lists: Map<Kind, number>;
  /** Watches opened. */
  readonly watches: Map<Kind, number>;
  /** Events of watches, bookmarks left out. */
  readonly events: Map<Kind, number>;
  /** Requests that failed, refusals included. */
  readonly failures: Map<Kind, number>;
}

export function createCounters(): Counters {
  return { lists: new Map(), watches: new Map(), events: new Map(), failures: new Map() };
}

export function count(counter: Map<Kind, number>, kind: Kind): void {
  counter.set(kind, (counter.get(kind) ?? 0) + 1);
}

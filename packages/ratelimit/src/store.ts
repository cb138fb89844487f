/** A limit of requests per time. */
export interface RateLimit {
  /** What is counted together, over all instances. */
  readonly key: string;
  /** Which instances count it: those of the gateway of this name. Default: all. */
  readonly group?: string;
  /** How many requests pass in any window; a whole number from 1 on. */
  readonly limit: number;
  /** Milliseconds. */
  readonly windowMs: number;
}

/** A limit of requests in flight. */
export interface InFlightLimit {
  /** What is counted together, over all instances. */
  readonly key: string;
  /** As in {@link RateLimit}. */
  readonly group?: string;
  /** How many requests are in flight at most; a whole number from 1 on. */
  readonly limit: number;
}

/** What a store says of one request. */
export interface Outcome {
  readonly allowed: boolean;
  /** How many more would pass now. Never negative. */
  readonly remaining: number;
  /** Milliseconds until nothing of what counts now counts any more; 0 where time plays no part. */
  readonly resetMs: number;
}

/**
 * Where requests are counted. A promise of {@link take}, {@link acquire} or {@link release} may be rejected only by a
 * store over a network; `resilientStore` makes of it one that never is.
 */
export interface LimitStore {
  /** Counts `hits` requests (1 or more) if all of them pass, and none of them otherwise. */
  take(limit: RateLimit, hits: number): Promise<Outcome>;
  /**
   * Counts the request `id` as in flight, if there is room. An `id` that is in flight under the same key is not counted
   * twice: it is made by `leases`, never by a client.
   */
  acquire(limit: InFlightLimit, id: string): Promise<Outcome>;
  /** The request is over. Without effect for one that is not in flight. */
  release(key: string, id: string): Promise<void>;
  /** Gives connections and timers back. */
  close(): Promise<void>;
}

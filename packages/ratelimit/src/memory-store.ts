import { shareInFlight, shareOfRate } from "./share.ts";
import { type Slots, takeFromWindow } from "./sliding-window.ts";
import type { LimitStore } from "./store.ts";

export interface MemoryStoreOptions {
  /**
   * How many instances count for a group, this one among them; asked at each request. Default 1. A fraction is fine: an
   * instance that sees two thirds of the traffic is one of 1.5.
   */
  readonly instances?: (group: string | undefined) => number;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** So long a request stays counted as in flight if nobody says that it is over. Milliseconds; default one hour. */
  readonly longestRequestMs?: number;
}

/** Requests in flight that this instance let pass. */
export interface Held {
  readonly key: string;
  readonly ids: readonly string[];
}

/** A store in this process. Its promises are never rejected. */
export interface MemoryStore extends LimitStore {
  /** Counts a request as in flight, whether there is room or not: somebody else has let it pass. */
  hold(key: string, id: string): void;
  /** All that is in flight, by key. */
  held(): readonly Held[];
}

/** Windows that count no more are looked for this often. */
const SWEEP_MS = 10_000;

interface Window {
  readonly slots: Slots;
  expiresAt: number;
}

/** Counts in memory. With several instances each lets its share pass. */
export function memoryStore({
  instances = () => 1,
  now = Date.now,
  longestRequestMs = 3_600_000,
}: MemoryStoreOptions = {}): MemoryStore {
  const windows = new Map<string, Window>();
  const inFlight = inFlightRequests(now, longestRequestMs);
  let sweptAt = now();

  const sweep = () => {
    sweptAt = now();
    for (const [key, window] of windows) if (window.expiresAt <= sweptAt) windows.delete(key);
    inFlight.sweep();
  };

  return {
    async take(limit, hits) {
      if (now() - sweptAt >= SWEEP_MS) sweep();
      const share = shareOfRate(limit, instances(limit.group));
      // Another length of the window has other slots: what was counted before cannot be read as such.
      const key = `${share.windowMs} ${share.key}`;
      const window = windows.get(key) ?? { slots: new Map(), expiresAt: 0 };
      const outcome = takeFromWindow(window.slots, share, hits, now());
      window.expiresAt = now() + outcome.resetMs;
      windows.set(key, window);
      return outcome;
    },
    async acquire({ key, group, limit }, id) {
      if (now() - sweptAt >= SWEEP_MS) sweep();
      const most = shareInFlight(limit, instances(group));
      const allowed = inFlight.has(key, id) || inFlight.count(key) < most;
      if (allowed) inFlight.add(key, id);
      return { allowed, remaining: Math.max(0, most - inFlight.count(key)), resetMs: 0 };
    },
    async release(key, id) {
      inFlight.remove(key, id);
    },
    hold: inFlight.add,
    held: inFlight.all,
    async close() {},
  };
}

function inFlightRequests(now: () => number, longestMs: number) {
  /** When each began, the oldest first. */
  const byKey = new Map<string, Map<string, number>>();
  const drop = (key: string, requests: Map<string, number>) => {
    for (const [id, since] of requests) {
      if (now() - since < longestMs) break;
      requests.delete(id);
    }
    if (requests.size === 0) byKey.delete(key);
  };
  return {
    has: (key: string, id: string) => byKey.get(key)?.has(id) ?? false,
    count(key: string): number {
      const requests = byKey.get(key);
      if (requests !== undefined) drop(key, requests);
      return requests?.size ?? 0;
    },
    add(key: string, id: string) {
      const requests = byKey.get(key) ?? new Map<string, number>();
      if (!requests.has(id)) requests.set(id, now());
      byKey.set(key, requests);
    },
    remove(key: string, id: string) {
      const requests = byKey.get(key);
      requests?.delete(id);
      if (requests?.size === 0) byKey.delete(key);
    },
    all: (): readonly Held[] => [...byKey].map(([key, requests]) => ({ key, ids: [...requests.keys()] })),
    sweep() {
      for (const [key, requests] of byKey) drop(key, requests);
    },
  };
}

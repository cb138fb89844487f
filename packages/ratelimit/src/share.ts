import type { RateLimit } from "./store.ts";

/**
 * What one of `instances` lets pass when each counts for itself: the limit divided by their number. A share that is no
 * whole number gets a longer window instead: a third of 5 per second is 2 per 1.2 seconds, so the rates add up to the
 * limit. `instances` below 1 counts as 1.
 */
export function shareOfRate(limit: RateLimit, instances: number): RateLimit {
  const share = limit.limit / Math.max(1, instances);
  const whole = Math.ceil(share);
  return { ...limit, limit: whole, windowMs: (limit.windowMs * whole) / share };
}

/**
 * The same for requests in flight. It is rounded up, and never below 1: requests in flight cannot be parted over time,
 * and an instance that passes none would be down.
 */
export function shareInFlight(limit: number, instances: number): number {
  return Math.ceil(limit / Math.max(1, instances));
}

import { type Limits, MAX_MULTIPLIER } from "./token-bucket.ts";

/**
 * A bucket that lets so many requests per second pass, as few as possible at once: one second's, or one if that is less
 * than one. At least one in ten minutes, the slowest that there is.
 */
export function slowestFill(perSecond: number): Omit<Limits, "id"> {
  const seconds = Math.ceil(1 / perSecond);
  if (seconds <= MAX_MULTIPLIER) return { perSecond: { requests: perSecond, multiplier: seconds } };
  const multiplier = Math.min(MAX_MULTIPLIER, Math.ceil(1 / (perSecond * 60)));
  return { perMinute: { requests: Math.max(perSecond * 60, 1 / multiplier), multiplier } };
}

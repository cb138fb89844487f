/** How long to wait between attempts, in milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The wait after so many failures in a row: doubled each time up to the maximum, and then between half and the whole
 * of it by chance, so that many who lost the same server do not come back at the same moment.
 */
export function backoffMs(failures: number, { firstMs, maxMs }: BackoffLimits, random: () => number): number {
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
  return whole / 2 + (whole / 2) * random();
}

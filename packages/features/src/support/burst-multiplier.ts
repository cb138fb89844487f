import type { Report } from "@sluice/feature-api";
import { MAX_MULTIPLIER } from "./token-bucket.ts";

const DEFAULT = 5;

/** The multiplier that counts. 0 means the default, as in ingress-nginx; one that is too large is cut, and reported. */
export function burstMultiplier(key: string, value: number | undefined, report: Report): number {
  const wanted = value === undefined || value === 0 ? DEFAULT : value;
  if (wanted <= MAX_MULTIPLIER) return wanted;
  report.note(key, {
    message: `${key} ${wanted} counts as ${MAX_MULTIPLIER}, the most that there is.`,
    expected: `a whole number up to ${MAX_MULTIPLIER}`,
  });
  return MAX_MULTIPLIER;
}

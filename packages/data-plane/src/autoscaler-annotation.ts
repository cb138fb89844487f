import type { AutoscalerRange } from "./fleet.ts";

/** On a MseIngressConfig, `MIN-MAX`: an autoscaler keeps so many Envoys, by their CPU, instead of `replicas`. */
export const AUTOSCALER_ANNOTATION = "sluice.dev/hpa";

/** What one resource may have at most. Source: the reference of MseIngressConfig, `replicas`. */
const MAX_REPLICAS = 30;
const EXPECTED = `MIN-MAX, two numbers from 1 to ${MAX_REPLICAS}, the first not above the second`;

/** Reads the annotation: absent or empty is no autoscaler; a bad value is a sentence. */
export function readAutoscaler(text: string | undefined): {
  readonly range?: AutoscalerRange;
  readonly problem?: string;
} {
  if (text === undefined || text.trim() === "") return {};
  const [, min, max] = /^\s*(\d{1,3})\s*-\s*(\d{1,3})\s*$/.exec(text) ?? [];
  const range = { min: Number(min), max: Number(max) };
  if (range.min >= 1 && range.min <= range.max && range.max <= MAX_REPLICAS) return { range };
  return { problem: `The annotation ${AUTOSCALER_ANNOTATION} is "${text}", expected ${EXPECTED}.` };
}

import { z } from "zod";

const Quantiles = z.object({ p50: z.number(), p99: z.number() });
const Burst = z.object({
  /** From the first request to the API server to the last that it acknowledged. */
  acknowledgedMs: z.number(),
  /** From the first request to the API server to the last change that answers through Envoy. */
  liveMs: z.number(),
});

/** What was measured with so many Ingresses. Times of single changes count from the API server's acknowledgement. */
export const KubeResult = z.object({
  n: z.number(),
  coldStartMs: z.number(),
  coldCpuSeconds: z.number(),
  restMb: z.number(),
  idleMsPerSecond: z.number(),
  ingress: Quantiles,
  ingressHttps: Quantiles,
  /** Without what the control plane takes at rest. */
  ingressCpuMs: z.number(),
  ingressBytes: z.number(),
  slice: Quantiles,
  ingressBurst: Burst,
  sliceBurst: Burst,
  cpuSeconds: z.number(),
  peakMb: z.number(),
});
export type KubeResult = z.infer<typeof KubeResult>;

/** The value below which `p` percent of the values lie (nearest rank). */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((p / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export function quantiles(values: readonly number[]): z.infer<typeof Quantiles> {
  return { p50: percentile(values, 50), p99: percentile(values, 99) };
}

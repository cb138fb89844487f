import type { KubeResult } from "./result.ts";

interface Row {
  readonly what: string;
  readonly unit: string;
  readonly value: (result: KubeResult) => number;
  /** What a well-known control plane in Go takes for it at {@link REFERENCE_SIZE} on such a machine. */
  readonly reference?: number;
}

const REFERENCE_SIZE = 5_000;

const ROWS: readonly Row[] = [
  { what: "cold start → last route live", unit: "s", value: (r) => r.coldStartMs / 1000, reference: 14 },
  { what: "  CPU of it", unit: "s", value: (r) => r.coldCpuSeconds },
  { what: "one Ingress changed, HTTP, p50", unit: "ms", value: (r) => r.ingress.p50, reference: 530 },
  { what: "one Ingress changed, HTTP, p99", unit: "ms", value: (r) => r.ingress.p99, reference: 860 },
  { what: "one Ingress changed, HTTPS, p50", unit: "ms", value: (r) => r.ingressHttps.p50, reference: 530 },
  { what: "one Ingress changed, HTTPS, p99", unit: "ms", value: (r) => r.ingressHttps.p99, reference: 860 },
  { what: "  CPU of one", unit: "ms", value: (r) => r.ingressCpuMs, reference: 332 },
  { what: "  sent for one", unit: "KiB", value: (r) => r.ingressBytes / 1024, reference: 2.9 * 1024 },
  { what: "one EndpointSlice changed, p50", unit: "ms", value: (r) => r.slice.p50, reference: 46 },
  { what: "one EndpointSlice changed, p99", unit: "ms", value: (r) => r.slice.p99, reference: 217 },
  { what: "500 Ingresses at once → last live", unit: "s", value: (r) => r.ingressBurst.liveMs / 1000 },
  {
    what: "500 EndpointSlices at once → last live",
    unit: "s",
    value: (r) => r.sliceBurst.liveMs / 1000,
    reference: 16,
  },
  { what: "memory at rest", unit: "MB", value: (r) => r.restMb, reference: 1_400 },
  { what: "CPU at rest, a second", unit: "ms", value: (r) => r.idleMsPerSecond },
  { what: "memory at most", unit: "MB", value: (r) => r.peakMb },
  { what: "CPU in all", unit: "s", value: (r) => r.cpuSeconds },
];

/** The results as lines of a Markdown table: a column for each size, and how many times less than the reference it is. */
export function tableOf(results: readonly KubeResult[]): string {
  const compared = results.find(({ n }) => n === REFERENCE_SIZE);
  const head = ["", ...results.map(({ n }) => n.toLocaleString("en"))];
  const lines = ROWS.map(({ what, unit, value, reference }) => [
    what,
    ...results.map((result) => `${digits(value(result))} ${unit}`),
    ...(compared === undefined ? [] : [ratio(value(compared), reference)]),
  ]);
  if (compared !== undefined) head.push(`reference at ${REFERENCE_SIZE.toLocaleString("en")}`);
  return aligned([head, ...lines]);
}

function ratio(value: number, reference: number | undefined): string {
  return reference === undefined ? "" : `${digits(reference / value)} times less`;
}

function digits(value: number): string {
  return value >= 100 ? `${Math.round(value)}` : value.toPrecision(2);
}

function aligned(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...rest] = cells;
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rest].map(line).join("\n");
}

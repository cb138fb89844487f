import type { NodeView } from "@sluice/ads";
import { typeName } from "../debug/data/resource-types.ts";

/** What went over the wire under one type, summed over all streams there have been. */
export interface WireTotals {
  responses: number;
  resources: number;
  removals: number;
  bytes: number;
}

/** Sums up the totals of streams, which end with their stream, so that the sums never go down. */
export interface StreamTotals {
  /** Takes the streams of now into account; what a stream does after the last look at it is not counted. */
  look(nodes: readonly NodeView[]): void;
  /** By type name. */
  readonly sums: ReadonlyMap<string, Readonly<WireTotals>>;
}

const NAMES = ["responses", "resources", "removals", "bytes"] as const;
const NOTHING: Readonly<WireTotals> = { responses: 0, resources: 0, removals: 0, bytes: 0 };

export function createStreamTotals(): StreamTotals {
  const sums = new Map<string, WireTotals>();
  let before = new Map<string, Readonly<WireTotals>>();
  return {
    sums,
    look(nodes) {
      const seen = new Map<string, Readonly<WireTotals>>();
      for (const { info, connectedAt, variant, types } of nodes) {
        for (const [typeUrl, { totals }] of Object.entries(types)) {
          const key = JSON.stringify([info.id, connectedAt, variant, typeUrl]);
          seen.set(key, totals);
          const known = before.get(key) ?? NOTHING;
          const sum = sums.get(typeName(typeUrl)) ?? { ...NOTHING };
          // Two streams of one node that began in the same millisecond are taken for one: never count down.
          for (const name of NAMES) sum[name] += Math.max(0, totals[name] - known[name]);
          sums.set(typeName(typeUrl), sum);
        }
      }
      before = seen;
    },
  };
}

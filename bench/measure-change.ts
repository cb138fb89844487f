import type { Gateway } from "@sluice/controller";
import type { KubeObject } from "@sluice/model";

/** What one change costs the control plane. */
export interface ChangeCost {
  /** Derivations that ran, of all kinds. */
  readonly derivations: number;
  /** Milliseconds from the objects to the resources handed to ADS. */
  readonly ms: number;
  /** Bytes of resources sent to the node. */
  readonly bytes: number;
}

/** Applies changed objects one after the other and tells the median cost. Each change is accepted before the next. */
export async function measureChanges(
  gateway: Gateway,
  changes: readonly (readonly KubeObject[])[],
): Promise<ChangeCost> {
  const costs: ChangeCost[] = [];
  for (const set of changes) {
    const before = { derivations: derivations(gateway), bytes: bytesSent(gateway) };
    const start = performance.now();
    gateway.store.apply({ set, removed: [] });
    const ms = performance.now() - start;
    await gateway.ads.whenIdle();
    costs.push({
      derivations: derivations(gateway) - before.derivations,
      ms,
      bytes: bytesSent(gateway) - before.bytes,
    });
  }
  return {
    derivations: percentile(
      costs.map((cost) => cost.derivations),
      50,
    ),
    ms: percentile(
      costs.map((cost) => cost.ms),
      50,
    ),
    bytes: percentile(
      costs.map((cost) => cost.bytes),
      50,
    ),
  };
}

function derivations(gateway: Gateway): number {
  return [...gateway.store.graph.runs().values()].reduce((sum, runs) => sum + runs, 0);
}

function bytesSent(gateway: Gateway): number {
  return gateway.ads
    .nodes()
    .flatMap((node) => Object.values(node.types))
    .reduce((sum, { totals }) => sum + totals.bytes, 0);
}

/** The value below which `p` percent of the values lie (nearest rank). */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((p / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

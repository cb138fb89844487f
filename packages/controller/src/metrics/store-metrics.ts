import { KINDS } from "@sluice/model";
import type { Store } from "@sluice/store";
import { Gauge, Histogram, type Registry } from "prom-client";
import { collectedCounter, collectedGauge } from "./collected.ts";

/** Buckets of what the control plane itself does for one change, seconds: aimed at are 5 ms. */
const WORK_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What changes of objects cost; told by the composition as it happens. */
export interface ApplyMetrics {
  applied(seconds: number): void;
  rendered(seconds: number): void;
}

/** Metrics of the store, and of the work that its changes cause. `now` in milliseconds since the epoch. */
export function storeMetrics(registry: Registry, store: Store, now: () => number): ApplyMetrics {
  collectedGauge(registry, {
    name: "sluice_synced",
    help: "Whether every source has delivered all that it holds: 1 or 0.",
    samples: () => [[{}, store.isSynced() ? 1 : 0]],
  });
  collectedGauge(registry, {
    name: "sluice_store_objects",
    help: "Objects in the store, by kind.",
    labels: ["kind"],
    samples: () => KINDS.map((kind) => [{ kind }, store.keys(kind).current().size] as const),
  });
  collectedCounter(registry, {
    name: "sluice_store_changes_total",
    help: "Changes of the store that changed something; also known as its revision.",
    samples: () => [[{}, store.revision()]],
  });
  collectedCounter(registry, {
    name: "sluice_derivation_runs_total",
    help: "Runs of each derivation of the translation, by name.",
    labels: ["derivation"],
    samples: () => [...store.graph.runs()].map(([derivation, runs]) => [{ derivation }, runs] as const),
  });
  collectedGauge(registry, {
    name: "sluice_derivation_entries",
    help: "Keys that each derivation remembers, by name.",
    labels: ["derivation"],
    samples: () => [...store.graph.entries()].map(([derivation, keys]) => [{ derivation }, keys] as const),
  });
  const applied = new Histogram({
    name: "sluice_apply_duration_seconds",
    help: "From a change of the store until it is translated, rendered and handed to ADS.",
    buckets: WORK_BUCKETS,
    registers: [registry],
  });
  const rendered = new Histogram({
    name: "sluice_render_duration_seconds",
    help: "The part of an apply that renders the model into resources.",
    buckets: WORK_BUCKETS,
    registers: [registry],
  });
  const last = new Gauge({
    name: "sluice_last_apply_timestamp_seconds",
    help: "When a change of the store was last translated, rendered and handed to ADS; 0: never.",
    registers: [registry],
  });
  return {
    applied(seconds) {
      applied.observe(seconds);
      last.set(now() / 1000);
    },
    rendered: (seconds) => rendered.observe(seconds),
  };
}

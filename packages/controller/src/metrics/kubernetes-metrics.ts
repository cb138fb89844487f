import type { Kind } from "@sluice/model";
import type { KubernetesSource } from "@sluice/source-kubernetes";
import type { Registry } from "prom-client";
import { collectedCounter, collectedGauge, type Sample } from "./collected.ts";

/** What is measured of the source of the API server's objects. */
export type MeasuredKubernetes = Pick<KubernetesSource, "status" | "counters">;

/** Metrics of the source of the API server's objects; they have no samples while there is none. */
export function kubernetesMetrics(registry: Registry, source: () => MeasuredKubernetes | undefined): void {
  collectedGauge(registry, {
    name: "sluice_kubernetes_connected",
    help: "Whether the API server answers: 1 or 0. While it does not, the last known objects stay in force.",
    samples: () => {
      const status = source()?.status();
      return status === undefined ? [] : [[{}, status.connected ? 1 : 0]];
    },
  });
  collectedGauge(registry, {
    name: "sluice_kubernetes_refused",
    help: "What the API server refuses to give to the gateway; its readiness page says what.",
    samples: () => {
      const status = source()?.status();
      return status === undefined ? [] : [[{}, status.refused.length]];
    },
  });
  const counter = (name: string, help: string, of: keyof MeasuredKubernetes["counters"]): void =>
    collectedCounter(registry, {
      name,
      help,
      labels: ["kind"],
      samples: () => byKind(source()?.counters[of]),
    });
  counter("sluice_kubernetes_lists_total", "Lists of the API server taken in, by kind.", "lists");
  counter(
    "sluice_kubernetes_watches_total",
    "Watches that the API server has agreed to, by kind.",
    "watches",
  );
  counter("sluice_kubernetes_events_total", "Events of watches, without bookmarks, by kind.", "events");
  counter("sluice_kubernetes_failures_total", "Requests to the API server that failed, by kind.", "failures");
}

function byKind(counts: ReadonlyMap<Kind, number> | undefined): Sample[] {
  return [...(counts ?? [])].map(([kind, value]) => [{ kind }, value]);
}

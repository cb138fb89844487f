import type { Registry } from "prom-client";
import type { MeasuredStatus } from "../status/start-status.ts";
import { collectedCounter, collectedGauge, type Sample } from "./collected.ts";

/** Metrics of what is written on Ingresses; they have no samples while nothing is. */
export function statusMetrics(registry: Registry, status: () => MeasuredStatus | undefined): void {
  const sample = (value: (measured: MeasuredStatus) => number) => (): Sample[] => {
    const measured = status();
    return measured === undefined ? [] : [[{}, value(measured)]];
  };
  collectedGauge(registry, {
    name: "sluice_leader",
    help: "Whether this replica writes status: 1 or 0. Of all replicas exactly one should.",
    samples: sample((measured) => (measured.isLeader() ? 1 : 0)),
  });
  collectedGauge(registry, {
    name: "sluice_status_waiting",
    help: "Ingresses whose status waits to be looked at or written.",
    samples: sample(({ reporter }) => reporter.waiting),
  });
  collectedCounter(registry, {
    name: "sluice_status_patches_total",
    help: "Requests to write on an Ingress.",
    samples: sample(({ reporter }) => reporter.counts.patches),
  });
  collectedCounter(registry, {
    name: "sluice_status_failures_total",
    help: "Requests for status or Events that failed.",
    samples: sample(({ reporter }) => reporter.counts.failures),
  });
  collectedCounter(registry, {
    name: "sluice_status_events_total",
    help: "Kubernetes Events told.",
    samples: sample(({ reporter }) => reporter.counts.events()),
  });
}

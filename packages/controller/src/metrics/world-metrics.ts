import type { Registry } from "prom-client";
import { typeName } from "../debug/data/resource-types.ts";
import type { ControlPlane } from "../gateway/control-plane.ts";
import { collectedGauge, countBy } from "./collected.ts";

/** Metrics of what nodes should hold, and of what is wrong with it. */
export function worldMetrics(registry: Registry, controlPlane: ControlPlane): void {
  collectedGauge(registry, {
    name: "sluice_resources",
    help: "Resources as nodes should hold them, by type and rendering (nodes with the same extensions share one).",
    labels: ["type", "rendering"],
    samples: () =>
      controlPlane
        .renderings()
        .flatMap(({ name, resources }) =>
          countBy(resources.values(), ({ typeUrl }) => ({ type: typeName(typeUrl), rendering: name })),
        ),
  });
  collectedGauge(registry, {
    name: "sluice_quarantined_resources",
    help: "Resources of which some node refuses the wanted version, by type.",
    labels: ["type"],
    samples: () =>
      countBy(
        controlPlane.renderings().flatMap(({ world }) => world.quarantine()),
        ({ typeUrl }) => ({ type: typeName(typeUrl) }),
      ),
  });
  collectedGauge(registry, {
    name: "sluice_isolated_objects",
    help: "Objects set aside because a node refused a resource that they share with others.",
    samples: () => [[{}, controlPlane.isolation.entries().length]],
  });
  collectedGauge(registry, {
    name: "sluice_diagnostics",
    help: "Findings about objects, by code and severity.",
    labels: ["code", "severity"],
    samples: () => countBy(controlPlane.diagnostics(), ({ code, severity }) => ({ code, severity })),
  });
}

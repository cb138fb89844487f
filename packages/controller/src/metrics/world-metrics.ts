import type { Registry } from "prom-client";
import { typeName } from "../debug/data/resource-types.ts";
import type { Gateways, ServedGateway } from "../gateway/gateways.ts";
import { collectedGauge, countBy, type Sample } from "./collected.ts";

/** Metrics of what nodes should hold, and of what is wrong with it. */
export function worldMetrics(registry: Registry, gateways: Gateways): void {
  const each = (samplesOf: (gateway: ServedGateway) => readonly Sample[]): Sample[] =>
    gateways
      .list()
      .flatMap((gateway) =>
        samplesOf(gateway).map(([labels, value]) => [{ gateway: gateway.name, ...labels }, value] as const),
      );
  collectedGauge(registry, {
    name: "sluice_resources",
    help: "Resources as nodes should hold them, by gateway, type and rendering (nodes with the same extensions share one).",
    labels: ["gateway", "type", "rendering"],
    samples: () =>
      each(({ controlPlane }) =>
        controlPlane
          .renderings()
          .flatMap(({ name, resources }) =>
            countBy(resources.values(), ({ typeUrl }) => ({ type: typeName(typeUrl), rendering: name })),
          ),
      ),
  });
  collectedGauge(registry, {
    name: "sluice_quarantined_resources",
    help: "Resources of which some node refuses the wanted version, by gateway and type.",
    labels: ["gateway", "type"],
    samples: () =>
      each(({ controlPlane }) =>
        countBy(
          controlPlane.renderings().flatMap(({ world }) => world.quarantine()),
          ({ typeUrl }) => ({ type: typeName(typeUrl) }),
        ),
      ),
  });
  collectedGauge(registry, {
    name: "sluice_isolated_objects",
    help: "Objects set aside because a node refused a resource that they share with others, by gateway.",
    labels: ["gateway"],
    samples: () => each(({ controlPlane }) => [[{}, controlPlane.isolation.entries().length]]),
  });
  collectedGauge(registry, {
    name: "sluice_diagnostics",
    help: "Findings about objects, by code and severity.",
    labels: ["code", "severity"],
    samples: () => countBy(gateways.diagnostics(), ({ code, severity }) => ({ code, severity })),
  });
}

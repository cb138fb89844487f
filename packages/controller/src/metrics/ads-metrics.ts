import type { AdsServer, NodeInfo, NodeView, RefusedHandshake, TypeView, Verdict } from "@sluice/ads";
import type { Resource } from "@sluice/model";
import { Counter, Histogram, type Registry } from "prom-client";
import { typeName } from "../debug/data/resource-types.ts";
import { createAcceptanceClock } from "./acceptance.ts";
import { collectedCounter, collectedGauge, countBy, type Sample } from "./collected.ts";
import { oncePerTurn } from "./once-per-turn.ts";
import { createStreamTotals, type WireTotals } from "./stream-totals.ts";

/** Buckets of the time that nodes take to accept, seconds: 23 ms are usual at 1,000 hosts, seconds at cold starts. */
const ACCEPTANCE_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What ADS does; told by the composition as it happens. */
export interface AdsMetrics {
  connection(event: { readonly info: NodeInfo; readonly connected: boolean }): void;
  rendered(resource: Resource): void;
  accepted(verdict: Verdict): void;
  refused(verdict: Verdict): void;
  handshakeRefused(refused: RefusedHandshake): void;
  /** Gauges ask it from then on. */
  observe(ads: Pick<AdsServer, "nodes">, gatewayOf: (info: NodeInfo) => string): void;
}

/** Metrics of the ADS server. `now` in milliseconds. */
export function adsMetrics(registry: Registry, now: () => number): AdsMetrics {
  const clock = createAcceptanceClock(now);
  const typed = { labelNames: ["type"] as const, registers: [registry] };
  const connections = new Counter({
    name: "sluice_ads_connections_total",
    help: "Streams that nodes have opened.",
    registers: [registry],
  });
  const accepted = new Counter({
    ...typed,
    name: "sluice_ads_resources_accepted_total",
    help: "Resources that nodes have accepted, by type.",
  });
  const refused = new Counter({
    ...typed,
    name: "sluice_ads_resources_refused_total",
    help: "Resources that nodes have refused when they came alone in a response, by type.",
  });
  const handshakes = new Counter({
    name: "sluice_ads_handshakes_refused_total",
    help: "Connections over mutual TLS that were not let in, by reason.",
    labelNames: ["reason"],
    registers: [registry],
  });
  const duration = new Histogram({
    ...typed,
    name: "sluice_ads_acceptance_duration_seconds",
    help: "From the rendering of a changed resource until a node that was connected has accepted it, by type.",
    buckets: ACCEPTANCE_BUCKETS,
  });
  return {
    connection({ info, connected }) {
      if (connected) {
        connections.inc();
        clock.nodeConnected(info.id);
      } else clock.nodeGone(info.id);
    },
    rendered: clock.rendered,
    accepted(verdict) {
      const type = typeName(verdict.resource.typeUrl);
      accepted.inc({ type });
      const milliseconds = clock.accepted(verdict);
      if (milliseconds !== undefined) duration.observe({ type }, milliseconds / 1000);
    },
    refused: ({ resource }) => refused.inc({ type: typeName(resource.typeUrl) }),
    handshakeRefused: ({ reason }) => handshakes.inc({ reason }),
    observe: (ads, gatewayOf) => observeNodes(registry, ads, gatewayOf),
  };
}

function observeNodes(
  registry: Registry,
  ads: Pick<AdsServer, "nodes">,
  gatewayOf: (info: NodeInfo) => string,
): void {
  const totals = createStreamTotals();
  // A look at all nodes copies the names of all that they hold.
  const nodes = oncePerTurn(() => {
    const views = ads.nodes();
    totals.look(views);
    return views;
  });
  collectedGauge(registry, {
    name: "sluice_ads_nodes",
    help: "Streams of nodes, by gateway, variant of the protocol and version of Envoy.",
    labels: ["gateway", "variant", "version"],
    samples: () =>
      countBy(nodes(), ({ variant, info }) => ({
        gateway: gatewayOf(info),
        variant,
        version: info.version,
      })),
  });
  for (const { name, help, numberOf } of NODE_GAUGES)
    collectedGauge(registry, { name, help, labels: ["type"], samples: () => sumByType(nodes(), numberOf) });
  for (const { name, help, total } of WIRE_COUNTERS)
    collectedCounter(registry, {
      name,
      help,
      labels: ["type"],
      samples() {
        nodes();
        return [...totals.sums].map(([type, sums]) => [{ type }, sums[total]] as const);
      },
    });
}

const NODE_GAUGES: readonly {
  readonly name: string;
  readonly help: string;
  readonly numberOf: (view: TypeView) => number;
}[] = [
  {
    name: "sluice_ads_in_flight_resources",
    help: "Resources sent that await the answer of a node, by type.",
    numberOf: ({ inFlight }) => inFlight?.names.length ?? 0,
  },
  {
    name: "sluice_ads_waiting_resources",
    help: "Resources that wait until a node has accepted what they refer to, by type.",
    numberOf: ({ waiting }) => waiting.length,
  },
];

const WIRE_COUNTERS: readonly {
  readonly name: string;
  readonly help: string;
  readonly total: keyof WireTotals;
}[] = [
  {
    name: "sluice_ads_responses_sent_total",
    help: "Responses sent to nodes, by type.",
    total: "responses",
  },
  {
    name: "sluice_ads_resources_sent_total",
    help: "Resources sent to nodes, by type.",
    total: "resources",
  },
  {
    name: "sluice_ads_removals_sent_total",
    help: "Removals of resources sent to nodes, by type.",
    total: "removals",
  },
  {
    name: "sluice_ads_sent_bytes_total",
    help: "Bytes of the resources sent to nodes, without framing, by type.",
    total: "bytes",
  },
];

function sumByType(nodes: readonly NodeView[], numberOf: (view: TypeView) => number): Sample[] {
  const sums = new Map<string, number>();
  for (const { types } of nodes)
    for (const [typeUrl, view] of Object.entries(types))
      sums.set(typeName(typeUrl), (sums.get(typeName(typeUrl)) ?? 0) + numberOf(view));
  return [...sums].map(([type, value]) => [{ type }, value]);
}

import type { AdsServer } from "@sluice/ads";
import type { Store } from "@sluice/store";
import { Counter, collectDefaultMetrics, Registry } from "prom-client";
import type { Gateways } from "../gateway/gateways.ts";
import type { MeasuredRateLimits } from "../rate-limit/start-rate-limits.ts";
import type { MeasuredStatus } from "../status/start-status.ts";
import { type AdsMetrics, adsMetrics } from "./ads-metrics.ts";
import { kubernetesMetrics, type MeasuredKubernetes } from "./kubernetes-metrics.ts";
import { rateLimitMetrics } from "./rate-limit-metrics.ts";
import { statusMetrics } from "./status-metrics.ts";
import { storeMetrics } from "./store-metrics.ts";
import { worldMetrics } from "./world-metrics.ts";

/** What an exception can be caught in without doing harm to the rest. */
export type Part = "derivation" | "isolation" | "debug-page" | "rate-limit" | "stream";

/** The metrics of one process, in a registry of its own. All are documented in docs/metrics.md. */
export interface GatewayMetrics {
  /** What happens in ADS is told here. */
  readonly ads: AdsMetrics;
  /** The store, so that what its changes cost is measured: sources must apply to this one. */
  readonly store: Store;
  /** An exception was caught, which is a bug. */
  failed(part: Part): void;
  /** The model was rendered, in this many milliseconds. */
  rendered(milliseconds: number): void;
  /** To be called once all parts are there. */
  observe(parts: { readonly gateways: Gateways; readonly ads: AdsServer }): void;
  /** To be called with the source of the API server's objects, if there is one. */
  observeKubernetes(source: MeasuredKubernetes | undefined): void;
  /** To be called with the writing of status, if there is any. */
  observeStatus(status: MeasuredStatus | undefined): void;
  /** To be called with the limits over all instances. */
  observeRateLimits(limits: MeasuredRateLimits): void;
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

export function createGatewayMetrics(store: Store): GatewayMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const applying = storeMetrics(registry, store, Date.now);
  const errors = new Counter({
    name: "sluice_internal_errors_total",
    help: "Exceptions that were caught, by part of Sluice: bugs; the log has them.",
    labelNames: ["part"],
    registers: [registry],
  });
  let kubernetes: MeasuredKubernetes | undefined;
  kubernetesMetrics(registry, () => kubernetes);
  let status: MeasuredStatus | undefined;
  statusMetrics(registry, () => status);
  let limits: MeasuredRateLimits | undefined;
  rateLimitMetrics(registry, () => limits);
  const ads = adsMetrics(registry, () => performance.now());
  return {
    ads,
    store: {
      ...store,
      apply(change) {
        const start = performance.now();
        store.apply(change);
        applying.applied((performance.now() - start) / 1000);
      },
    },
    failed: (part) => errors.inc({ part }),
    rendered: (milliseconds) => applying.rendered(milliseconds / 1000),
    observe({ gateways, ads: server }) {
      worldMetrics(registry, gateways);
      ads.observe(server, (info) => gateways.of(info)?.name ?? "");
    },
    observeKubernetes(source) {
      kubernetes = source;
    },
    observeStatus(measured) {
      status = measured;
    },
    observeRateLimits(measured) {
      limits = measured;
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

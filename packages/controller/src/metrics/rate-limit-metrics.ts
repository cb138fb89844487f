import type { Registry } from "prom-client";
import type { MeasuredRateLimits } from "../rate-limit/start-rate-limits.ts";
import { collectedCounter, collectedGauge, type Sample } from "./collected.ts";

/** Metrics of the limits over all instances. */
export function rateLimitMetrics(registry: Registry, limits: () => MeasuredRateLimits | undefined): void {
  collectedGauge(registry, {
    name: "sluice_ratelimit_store_up",
    help: "Whether the Redis of the rate limits answers: 1 or 0. While it does not, each instance passes its part of a limit. No sample without one.",
    labels: ["store"],
    samples: () => {
      const mode = limits()?.store.mode();
      return mode === undefined ? [] : [[{ store: "redis" }, mode === "shared" ? 1 : 0]];
    },
  });
  collectedGauge(registry, {
    name: "sluice_ratelimit_instances",
    help: "Envoys that share the limits of a gateway, those of other control planes included.",
    labels: ["gateway"],
    samples: () =>
      Object.entries(limits()?.instances() ?? {}).map(([gateway, count]): Sample => [{ gateway }, count]),
  });
  collectedCounter(registry, {
    name: "sluice_ratelimit_requests_total",
    help: "Requests that Envoys asked about, by result: allowed, limited, or failed (passed on account of a bug).",
    labels: ["result"],
    samples: () => {
      const counts = limits()?.counts;
      if (counts === undefined) return [];
      const { allowed, limited, failed } = counts;
      return Object.entries({ allowed, limited, failed }).map(
        ([result, count]): Sample => [{ result }, count],
      );
    },
  });
  collectedCounter(registry, {
    name: "sluice_ratelimit_unreadable_total",
    help: "Limits in questions of Envoys that could not be read, and limited nothing: bugs.",
    samples: () => {
      const counts = limits()?.counts;
      return counts === undefined ? [] : [[{}, counts.unreadable]];
    },
  });
  collectedCounter(registry, {
    name: "sluice_ratelimit_answered_alone_total",
    help: "Questions that this instance answered by its part of the limit, while Redis was away.",
    samples: () => {
      const store = limits()?.store;
      return store?.mode() === undefined ? [] : [[{}, store.answeredAlone()]];
    },
  });
}

import { Counter, Gauge, type Registry } from "prom-client";

/** One sample: the values of its labels, and its own. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

export interface CollectedMetric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Asked at each scrape. Samples that are not there any more are gone. */
  readonly samples: () => Iterable<Sample>;
}

/** A gauge whose values are looked up when they are asked for. */
export function collectedGauge(registry: Registry, metric: CollectedMetric): void {
  const { name, help, labels = [], samples } = metric;
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const [values, value] of samples()) this.set(values, value);
    },
  });
}

/** A counter that somebody else counts; it must never go down. */
export function collectedCounter(registry: Registry, metric: CollectedMetric): void {
  const { name, help, labels = [], samples } = metric;
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const [values, value] of samples()) this.inc(values, value);
    },
  });
}

/** How many items there are of each kind, as samples of a metric with these labels. */
export function countBy<T>(
  items: Iterable<T>,
  labelsOf: (item: T) => Readonly<Record<string, string>>,
): readonly Sample[] {
  const counts = new Map<string, Sample>();
  for (const item of items) {
    const labels = labelsOf(item);
    const key = JSON.stringify(labels);
    counts.set(key, [labels, (counts.get(key)?.[1] ?? 0) + 1]);
  }
  return [...counts.values()];
}

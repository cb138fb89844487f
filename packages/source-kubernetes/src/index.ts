export type { Counters } from "./counters.ts";
export type { KubernetesLog, KubernetesStatus } from "./health.ts";
export type { Observe, Seen } from "./held.ts";
export { type Outcome, type PersistOptions, persist } from "./persist.ts";
export { openWatch, type WatchEvent } from "./watch.ts";
export { type KubernetesSource, type WatchKubernetesOptions, watchKubernetes } from "./watch-kubernetes.ts";

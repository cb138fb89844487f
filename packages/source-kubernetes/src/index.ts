export type { Counters } from "./counters.ts";
export type { KubernetesLog, KubernetesStatus } from "./health.ts";
export { type KubernetesSource, type WatchKubernetesOptions, watchKubernetes } from "./watch-kubernetes.ts";

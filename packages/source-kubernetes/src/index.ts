export type { Clock } from "./clock.ts";
export type { Counters } from "./counters.ts";
export type { KubernetesLog, KubernetesStatus } from "./health.ts";
export { type KubeConfigChoice, KubeConfigError, loadKubeConfig } from "./kube-config.ts";
export { type KubernetesSource, type WatchKubernetesOptions, watchKubernetes } from "./watch-kubernetes.ts";

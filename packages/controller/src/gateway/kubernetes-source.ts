import { KubeConfigError } from "@sluice/kubernetes-api";
import type { loadKubeConfig } from "@sluice/kubernetes-api/kube-config";
import type { KubernetesSource, WatchKubernetesOptions } from "@sluice/source-kubernetes";
import type { Store } from "@sluice/store";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";
import { OperatorError } from "../operator-error.ts";

type KubeConfig = ReturnType<typeof loadKubeConfig>;

/** Starts to follow the API server of the settings. Throws an {@link OperatorError} for a kubeconfig that cannot be used. */
export async function startKubernetesSource(
  settings: Settings,
  store: Store,
  log: Logger,
  observers: Pick<WatchKubernetesOptions, "observe" | "reached"> = {},
): Promise<KubernetesSource> {
  const { watchNamespace, labelSelector } = settings;
  const { watchKubernetes } = await import("@sluice/source-kubernetes");
  return withKubeConfig(settings, (kubeConfig) =>
    watchKubernetes({
      kubeConfig,
      store,
      namespaces: watchNamespace,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      log,
      ...observers,
    }),
  );
}

/**
 * Runs `use` with what reads the kubeconfig of the settings. Throws an {@link OperatorError} for one that cannot be used
 * when it is first read.
 */
export async function withKubeConfig<T>(
  { kubeconfig, kubeContext }: Pick<Settings, "kubeconfig" | "kubeContext">,
  use: (load: () => KubeConfig) => T,
): Promise<T> {
  // Loaded when it is needed: the client has thousands of generated files, which cost a second.
  const { loadKubeConfig } = await import("@sluice/kubernetes-api/kube-config");
  const from = {
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(kubeContext === undefined ? {} : { context: kubeContext }),
  };
  try {
    return use(() => loadKubeConfig(from));
  } catch (cause) {
    if (!(cause instanceof KubeConfigError)) throw cause;
    throw new OperatorError("kubeconfig", cause.message, {
      cause,
      hint: "Give the file with --kubeconfig or KUBECONFIG, and the context with --kube-context; kubectl config view shows both.",
    });
  }
}

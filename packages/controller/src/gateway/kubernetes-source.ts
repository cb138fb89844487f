import type { KubernetesSource } from "@sluice/source-kubernetes";
import type { Store } from "@sluice/store";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";
import { OperatorError } from "../operator-error.ts";

/** Starts to follow the API server of the settings. Throws an {@link OperatorError} for a kubeconfig that cannot be used. */
export async function startKubernetesSource(
  settings: Settings,
  store: Store,
  log: Logger,
): Promise<KubernetesSource> {
  const { kubeconfig, kubeContext, watchNamespace, labelSelector } = settings;
  // Loaded when it is needed: the client has thousands of generated files, which cost a second.
  const { KubeConfigError, loadKubeConfig } = await import("@sluice/kubernetes-api");
  const { watchKubernetes } = await import("@sluice/source-kubernetes");
  const from = {
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(kubeContext === undefined ? {} : { context: kubeContext }),
  };
  try {
    return watchKubernetes({
      kubeConfig: () => loadKubeConfig(from),
      store,
      namespaces: watchNamespace,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      log,
    });
  } catch (cause) {
    if (!(cause instanceof KubeConfigError)) throw cause;
    throw new OperatorError("kubeconfig", cause.message, {
      cause,
      hint: "Give the file with --kubeconfig or KUBECONFIG, and the context with --kube-context; kubectl config view shows both.",
    });
  }
}

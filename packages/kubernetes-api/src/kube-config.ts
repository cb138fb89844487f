import { KubeConfig } from "@kubernetes/client-node";
import { KubeConfigError } from "./kube-config-error.ts";

export interface KubeConfigChoice {
  /** Absent: what kubectl would take, that is `KUBECONFIG`, else `~/.kube/config`, else the service account of the pod. */
  readonly file?: string;
  /** Absent: the current one. */
  readonly context?: string;
}

/** Reads the kubeconfig. Throws a {@link KubeConfigError} if there is none, or no such context. */
export function loadKubeConfig({ file, context }: KubeConfigChoice = {}): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (cause) {
    // The client takes it for granted that there is a map.
    const reason =
      cause instanceof TypeError
        ? "it holds no kubeconfig"
        : cause instanceof Error
          ? cause.message.split("\n")[0]
          : String(cause);
    throw new KubeConfigError(`The kubeconfig cannot be read: ${reason}.`, { cause });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const names = config.getContexts().map(({ name }) => name);
      throw new KubeConfigError(
        `The kubeconfig has no context ${context}; it has ${names.join(", ") || "none"}.`,
      );
    }
    config.setCurrentContext(context);
  }
  if (isStandIn(config))
    throw new KubeConfigError("There is no kubeconfig, and this is not a pod with a service account.");
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new KubeConfigError(withoutCluster(config.getCurrentContext()));
  if (!/^https?:$/.test(URL.parse(cluster.server)?.protocol ?? ""))
    throw new KubeConfigError(
      `The server ${JSON.stringify(cluster.server)} of the kubeconfig is no URL with https.`,
    );
  return config;
}

function withoutCluster(context: string | undefined): string {
  if (context === undefined || context === "") return "The kubeconfig has no current context.";
  return `The context ${context} of the kubeconfig has no cluster.`;
}

/** What the client makes up when it finds nothing: an API server without any protection on this host. */
function isStandIn(config: KubeConfig): boolean {
  const cluster = config.getCurrentCluster();
  return (
    cluster?.server === "http://localhost:8080" && cluster.caData === undefined && !cluster.skipTLSVerify
  );
}

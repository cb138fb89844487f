import { type KubeApi, KubeApiError } from "../cluster/src/kube-api.ts";
import type { KubeObject } from "../cluster/src/objects.ts";
import { reflect } from "../cluster/src/reflect.ts";
import type { Cluster } from "../cluster/src/start-cluster.ts";
import type { TestGateway } from "../support/test-gateway.ts";
import { APP } from "./objects.ts";

/** The fields of a Rollout that the proof looks at. */
export interface Rollout extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly canaryStatus?: {
      readonly currentStepIndex?: number;
      readonly currentStepState?: string;
      readonly canaryReplicas?: number;
    };
  };
}

const NAMESPACE = "/namespaces/default";
const ROLLOUTS = `/apis/rollouts.kruise.io/v1beta1${NAMESPACE}/rollouts`;
const INGRESSES = `/apis/networking.k8s.io/v1${NAMESPACE}/ingresses`;

/** Resolves with the Rollout as soon as `check` holds. */
export async function untilRollout(api: KubeApi, check: (rollout: Rollout) => boolean): Promise<Rollout> {
  const ending = new AbortController();
  try {
    for await (const rollouts of reflect<Rollout>(api, ROLLOUTS, ending.signal)) {
      const found = [...rollouts.values()].find(({ metadata }) => metadata.name === APP);
      if (found !== undefined && check(found)) return found;
    }
    throw new Error("the watch has ended");
  } finally {
    ending.abort();
  }
}

/** Resolves when the Rollout waits for approval of a step (from 1). */
export function untilPaused(api: KubeApi, step: number): Promise<Rollout> {
  return untilRollout(
    api,
    ({ status }) =>
      status?.canaryStatus?.currentStepIndex === step &&
      status.canaryStatus.currentStepState === "StepPaused",
  );
}

/** What `kubectl kruise rollout approve` does. */
export async function approve(api: KubeApi): Promise<void> {
  await api.send("PATCH", `${ROLLOUTS}/${APP}/status`, {
    body: { status: { canaryStatus: { currentStepState: "StepReady" } } },
    contentType: "application/merge-patch+json",
  });
}

/** Annotations of the Ingress that Kruise makes, without the gateway's own; undefined when there is none. */
export async function canaryAnnotations(api: KubeApi): Promise<Readonly<Record<string, string>> | undefined> {
  const found = await api.get<KubeObject>(`${INGRESSES}/${APP}-canary`).catch((error: unknown) => {
    if (error instanceof KubeApiError && error.status === 404) return undefined;
    throw error;
  });
  const all = found?.metadata.annotations;
  // Those that the gateway writes itself are not read by it.
  return all && Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith("sluice.dev/live")));
}

/** Resolves when Envoy has what the API server has of the canary, its present annotations included. */
export async function untilLive({
  cluster,
  gateway,
}: {
  readonly cluster: Cluster;
  readonly gateway: TestGateway;
}): Promise<Readonly<Record<string, string>> | undefined> {
  const wanted = await canaryAnnotations(cluster.api);
  const text = JSON.stringify(sorted(wanted));
  const { store } = gateway.gateway;
  for (;;) {
    const changed = Promise.withResolvers<void>();
    const stop = store.onApplied(() => changed.resolve());
    await gateway.idle();
    const seen = store.get("Ingress", "default", `${APP}-canary`)?.metadata.annotations;
    if (JSON.stringify(sorted(seen)) === text) {
      stop();
      return wanted;
    }
    await changed.promise;
    stop();
  }
}

function sorted(annotations: Readonly<Record<string, string>> | undefined): unknown {
  return annotations === undefined
    ? null
    : Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

import { isStatus } from "@sluice/kubernetes-api";
import { z } from "zod";
import { leasesPath, type ReplicaLease, type ReplicaLeases } from "./replica-lease.ts";

const Pod = z.object({
  metadata: z.object({ uid: z.string() }),
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
  }),
});

/** Finds out what has become of replicas whose reports have expired. */
export interface ReplicaPods {
  /**
   * `gone`: its Pod is not there, or not ready, so that no traffic is sent to an Envoy of it; a replica outside of a Pod is
   * gone when it does not report, and its Lease is deleted. `silent`: it may be serving, also if that cannot be found out.
   */
  look(lease: ReplicaLease, signal: AbortSignal): Promise<"silent" | "gone">;
}

export function createReplicaPods({
  api,
  namespace,
  onError,
}: ReplicaLeases & { readonly onError: (error: unknown) => void }): ReplicaPods {
  const sweep = async ({ name, uid, resourceVersion }: ReplicaLease, signal: AbortSignal): Promise<void> => {
    const body = { preconditions: { resourceVersion, ...(uid === "" ? {} : { uid }) } };
    const path = `${leasesPath(namespace)}/${encodeURIComponent(name)}`;
    // Another may have been faster, and else the next look will do it.
    await api.write({ method: "DELETE", path, body, signal }).catch(() => {});
  };
  return {
    async look(lease, signal) {
      const { pod } = lease;
      if (pod === undefined) {
        await sweep(lease, signal);
        return "gone";
      }
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod.name)}`;
      try {
        const { metadata, status } = Pod.parse(await api.json({ path, signal }));
        const isReady = status.conditions?.some(
          (condition) => condition.type === "Ready" && condition.status === "True",
        );
        return metadata.uid === pod.uid && isReady === true ? "silent" : "gone";
      } catch (error) {
        if (isStatus(error, 404)) return "gone";
        if (!signal.aborted) onError(error);
        return "silent";
      }
    },
  };
}

import { type KubeApi, SERVER_SIDE_APPLY } from "@sluice/kubernetes-api";
import type { RawObject } from "@sluice/kubernetes-objects";
import { z } from "zod";
import { decodeReport, type ReplicaReport } from "./replica-report.ts";

/** The Pod of a replica. With it Kubernetes collects what is left of the replica. */
export interface ReplicaPod {
  readonly name: string;
  readonly uid: string;
}

/** Where replicas keep their reports: Leases of a namespace with a label. */
export interface ReplicaLeases {
  readonly api: KubeApi;
  readonly namespace: string;
  /** Value of the label: only replicas of the same gateway read each other. */
  readonly group: string;
}

/** The Lease of another replica, as it was read. */
export interface ReplicaLease {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly pod?: ReplicaPod;
  /** Undefined: it cannot be read. */
  readonly report: ReplicaReport | undefined;
}

const PREFIX = "sluice-replica-";

/** The name of the Lease of a replica; its own name is unique in the namespace, as that of its Pod. */
export function replicaLeaseName(replica: string): string {
  return `${PREFIX}${replica}`.toLowerCase().slice(0, 253);
}

/** The name of a replica by that of its Lease. */
export function replicaOfLease(lease: string): string {
  return lease.startsWith(PREFIX) ? lease.slice(PREFIX.length) : lease;
}

/** Replicas renew this often, milliseconds, and count as gone or silent after three times as long. */
export const RENEW_MS = 5_000;
export const EXPIRE_MS = 15_000;

export const GROUP_LABEL = "sluice.dev/replicas";
const REPORT_ANNOTATION = "sluice.dev/report";

const LeaseObject = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string().catch(""),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).nullish().catch(undefined),
    ownerReferences: z
      .array(z.object({ kind: z.string(), name: z.string(), uid: z.string() }))
      .nullish()
      .catch(undefined),
  }),
});

/** The Leases of a namespace. */
export function leasesPath(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
}

/** Creates the Lease of a replica, or renews it. `at`: milliseconds since the epoch. */
export async function writeReplicaLease(
  { api, namespace, group }: ReplicaLeases,
  { name, identity, pod }: { readonly name: string; readonly identity: string; readonly pod?: ReplicaPod },
  { report, at, signal }: { readonly report: string; readonly at: number; readonly signal: AbortSignal },
): Promise<void> {
  const owner = pod && { apiVersion: "v1", kind: "Pod", name: pod.name, uid: pod.uid };
  await api.write({
    method: "PATCH",
    path: `${leasesPath(namespace)}/${encodeURIComponent(name)}`,
    query: { fieldManager: "sluice", force: "true" },
    contentType: SERVER_SIDE_APPLY,
    body: {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        name,
        namespace,
        labels: { [GROUP_LABEL]: group },
        annotations: { [REPORT_ANNOTATION]: report },
        ...(owner === undefined ? {} : { ownerReferences: [owner] }),
      },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: EXPIRE_MS / 1000,
        renewTime: new Date(at).toISOString().replace("Z", "000Z"),
      },
    },
    signal,
  });
}

/** Throws for what is no Lease. */
export function replicaLeaseOf(raw: RawObject): ReplicaLease {
  const { name, uid, resourceVersion, annotations, ownerReferences } = LeaseObject.parse(raw).metadata;
  const pod = ownerReferences?.find(({ kind }) => kind === "Pod");
  return {
    name,
    uid,
    resourceVersion,
    ...(pod === undefined ? {} : { pod: { name: pod.name, uid: pod.uid } }),
    report: decodeReport(annotations?.[REPORT_ANNOTATION] ?? ""),
  };
}

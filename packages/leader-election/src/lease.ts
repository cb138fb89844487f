import { isStatus, type KubeApi } from "@sluice/kubernetes-api";
import { z } from "zod";

/** What a Lease says of its holder. Times are the holder's own; nobody else goes by them. */
export interface LeaseRecord {
  /** `""`: nobody holds it. */
  readonly holder: string;
  readonly durationSeconds: number;
  readonly transitions: number;
  /** RFC 3339 with microseconds; `""`: never. */
  readonly acquireTime: string;
  readonly renewTime: string;
}

/** A Lease as it was read or written. */
export interface Lease {
  readonly record: LeaseRecord;
  /** With it an update fails if somebody else has written since. */
  readonly resourceVersion: string;
}

/** One Lease of `coordination.k8s.io/v1` at an API server. */
export interface LeaseStore {
  /** The Lease; undefined: there is none. */
  read(signal: AbortSignal): Promise<Lease | undefined>;
  /** Creates the Lease, or replaces the one of this version. Fails with status 409 if somebody was faster. */
  write(record: LeaseRecord, before: Lease | undefined, signal: AbortSignal): Promise<Lease>;
}

const LeaseObject = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      leaseTransitions: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
    })
    .nullish(),
});

/** The Lease of this name. */
export function leaseStore(api: KubeApi, namespace: string, name: string): LeaseStore {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  return {
    async read(signal) {
      try {
        return leaseOf(await api.json({ path, signal }));
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    async write(record, before, signal) {
      const metadata = { name, namespace, ...(before && { resourceVersion: before.resourceVersion }) };
      const body = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata,
        spec: {
          holderIdentity: record.holder,
          leaseDurationSeconds: record.durationSeconds,
          leaseTransitions: record.transitions,
          ...(record.acquireTime && { acquireTime: record.acquireTime }),
          ...(record.renewTime && { renewTime: record.renewTime }),
        },
      };
      const query = { fieldManager: "sluice" };
      const answer =
        before === undefined
          ? await api.write({ method: "POST", path: collection, query, body, signal })
          : await api.write({ method: "PUT", path, query, body, signal });
      return leaseOf(answer);
    },
  };
}

function leaseOf(object: unknown): Lease {
  const { metadata, spec } = LeaseObject.parse(object);
  return {
    resourceVersion: metadata.resourceVersion,
    record: {
      holder: spec?.holderIdentity ?? "",
      durationSeconds: spec?.leaseDurationSeconds ?? 0,
      transitions: spec?.leaseTransitions ?? 0,
      acquireTime: spec?.acquireTime ?? "",
      renewTime: spec?.renewTime ?? "",
    },
  };
}

/** Milliseconds since the epoch as Kubernetes' MicroTime. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

import {
  LIVE_ANNOTATION,
  LIVE_REASON_ANNOTATION,
  LIVE_REVISION_ANNOTATION,
  type RawObject,
} from "@sluice/kubernetes-objects";
import { z } from "zod";
import { LoadBalancerHolder } from "./load-balancer-status.ts";

/** What an Ingress says of itself, as the API server has it; none of it is in the model. */
export interface IngressFacts {
  readonly uid: string;
  readonly resourceVersion: string;
  /** `sluice.dev/live`. */
  readonly live?: string;
  /** `sluice.dev/live-revision`. */
  readonly liveRevision?: string;
  /** `sluice.dev/live-reason`. */
  readonly liveReason?: string;
  /** Whether these annotations are by this controller, and not copied from elsewhere by somebody. */
  readonly isAnnotated: boolean;
  readonly addresses: readonly PublishedAddress[];
  /** Who wrote `status.loadBalancer`: `""` nobody, or nobody can tell. */
  readonly addressManager: string;
  /** Whether there are no addresses, or this controller wrote them. */
  readonly mayPublish: boolean;
}

/** An entry of `status.loadBalancer.ingress`; ports are left out, since only others write them. */
export interface PublishedAddress {
  readonly ip?: string;
  readonly hostname?: string;
}

const Fields = z.record(z.string(), z.unknown());
const Managed = z.object({
  manager: z.string().catch(""),
  time: z.string().catch(""),
  fieldsV1: z
    .object({
      "f:metadata": z
        .object({ "f:annotations": Fields.optional().catch(undefined) })
        .optional()
        .catch(undefined),
      "f:status": Fields.optional().catch(undefined),
    })
    .catch({}),
});

/** Loose: an object that looks otherwise than it should says nothing. */
const Ingress = z.object({
  metadata: z.object({
    uid: z.string().catch(""),
    resourceVersion: z.string().catch(""),
    annotations: z.record(z.string(), z.string()).nullish().catch(undefined),
    managedFields: z.array(Managed).nullish().catch(undefined),
  }),
  status: LoadBalancerHolder,
});

/**
 * The facts of an Ingress of the API server; undefined if it has no metadata. `fieldManager` is that of this controller: by it
 * a replica knows what its predecessors wrote.
 */
export function ingressFacts(raw: RawObject, fieldManager: string): IngressFacts | undefined {
  const parsed = Ingress.safeParse(raw);
  if (!parsed.success) return undefined;
  const { metadata, status } = parsed.data;
  const live = metadata.annotations?.[LIVE_ANNOTATION];
  const liveRevision = metadata.annotations?.[LIVE_REVISION_ANNOTATION];
  const liveReason = metadata.annotations?.[LIVE_REASON_ANNOTATION];
  const managed = metadata.managedFields ?? [];
  const annotator = managed.find(
    ({ fieldsV1 }) => fieldsV1["f:metadata"]?.["f:annotations"]?.[`f:${LIVE_ANNOTATION}`] !== undefined,
  );
  const addresses = status?.loadBalancer?.ingress ?? [];
  const owners = managed.filter(({ fieldsV1 }) => fieldsV1["f:status"]?.["f:loadBalancer"] !== undefined);
  const owner = owners.find(({ manager }) => manager !== fieldManager) ?? owners[0];
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    ...(live === undefined ? {} : { live }),
    ...(liveRevision === undefined ? {} : { liveRevision }),
    ...(liveReason === undefined ? {} : { liveReason }),
    isAnnotated: annotator?.manager === fieldManager,
    addresses: addresses.map(({ ip, hostname }) => ({
      ...(ip === undefined ? {} : { ip }),
      ...(hostname === undefined ? {} : { hostname }),
    })),
    addressManager: addresses.length === 0 ? "" : (owner?.manager ?? ""),
    mayPublish: addresses.length === 0 || owner?.manager === fieldManager,
  };
}

/** Whether the first is certainly older: what a watch tells can be older than the answer to a write. */
export function isOlder(a: IngressFacts, b: IngressFacts): boolean {
  if (a.uid !== b.uid) return false;
  const [one, other] = [Number(a.resourceVersion), Number(b.resourceVersion)];
  return Number.isSafeInteger(one) && Number.isSafeInteger(other) && one < other;
}

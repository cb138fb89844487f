import {
  LIVE_ANNOTATION,
  LIVE_REASON_ANNOTATION,
  LIVE_REVISION_ANNOTATION,
} from "@sluice/kubernetes-objects";
import type { IngressFacts, PublishedAddress } from "./facts.ts";
import type { LiveState } from "./liveness.ts";

/** What an Ingress should say of itself. */
export interface Desired {
  /** Absent: it is not ours to speak of. */
  readonly live?: LiveState;
  /** Why not all nodes have accepted it; absent: they have. */
  readonly reason?: string;
  /** Where it can be reached; undefined: it is not known, or not ours to say. */
  readonly addresses?: readonly PublishedAddress[];
  /** Whether it was ours while this process watched; what we wrote goes when it is not any more. */
  readonly wasOurs: boolean;
}

/** `GENERATION on K of N`. */
export function liveText({ generation, accepted, nodes }: LiveState): string {
  return `${generation} on ${accepted} of ${nodes}`;
}

/** A merge patch for `ingresses/status`, in which Kubernetes lets annotations be written as well. */
export interface StatusPatch {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  readonly status?: { readonly loadBalancer: { readonly ingress: readonly PublishedAddress[] | null } };
}

/** Whether the annotation says that all nodes have accepted this revision. */
export function saysLive({ live, liveRevision }: IngressFacts, revision: string): boolean {
  const [, accepted, nodes] = /^\d+ on (\d+) of (\d+)$/.exec(live ?? "") ?? [];
  return liveRevision === revision && accepted === nodes && Number(nodes) > 0;
}

/** What is to be changed on the object; undefined: nothing. */
export function patchFor(facts: IngressFacts, desired: Desired): StatusPatch | undefined {
  const annotations = annotationsFor(facts, desired);
  const addresses = addressesFor(facts, desired);
  if (annotations === undefined && addresses === undefined) return undefined;
  return {
    // Not for another object of the same name: the API server refuses a change of the uid.
    metadata: { uid: facts.uid, ...(annotations === undefined ? {} : { annotations }) },
    ...(addresses === undefined
      ? {}
      : { status: { loadBalancer: { ingress: addresses.length === 0 ? null : addresses } } }),
  };
}

function annotationsFor(
  facts: IngressFacts,
  { live, reason, wasOurs }: Desired,
): Record<string, string | null> | undefined {
  if (live !== undefined) {
    const text = liveText(live);
    const isSaid = facts.live === text && facts.liveRevision === live.revision && facts.liveReason === reason;
    if (isSaid) return undefined;
    return {
      [LIVE_ANNOTATION]: text,
      [LIVE_REVISION_ANNOTATION]: live.revision,
      ...(reason === facts.liveReason ? {} : { [LIVE_REASON_ANNOTATION]: reason ?? null }),
    };
  }
  const { live: before, liveRevision, liveReason } = facts;
  if (before === undefined && liveRevision === undefined && liveReason === undefined) return undefined;
  // Another gateway may have written them on an Ingress that was never ours.
  return wasOurs
    ? {
        [LIVE_ANNOTATION]: null,
        [LIVE_REVISION_ANNOTATION]: null,
        ...(liveReason === undefined ? {} : { [LIVE_REASON_ANNOTATION]: null }),
      }
    : undefined;
}

function addressesFor(facts: IngressFacts, desired: Desired): readonly PublishedAddress[] | undefined {
  if (!facts.mayPublish) return undefined;
  const wanted = desired.live === undefined ? (desired.wasOurs ? [] : undefined) : desired.addresses;
  return wanted === undefined || isSame(facts.addresses, wanted) ? undefined : wanted;
}

function isSame(a: readonly PublishedAddress[], b: readonly PublishedAddress[]): boolean {
  return (
    a.length === b.length && a.every(({ ip, hostname }, i) => ip === b[i]?.ip && hostname === b[i]?.hostname)
  );
}

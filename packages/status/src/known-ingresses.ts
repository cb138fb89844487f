import { ingressRevision, type RawObject } from "@sluice/kubernetes-objects";
import type { ObjectKey } from "@sluice/model";
import { type IngressFacts, ingressFacts, isOlder } from "./facts.ts";
import { isAtLeast } from "./resource-version.ts";

/** An Ingress as the API server has it. */
export interface KnownIngress extends IngressFacts {
  /** Of the form that it has. */
  readonly revision: string;
  /** A `resourceVersion` since which it has had this form without a break: who has seen this one has seen the form. */
  readonly formVersion: string;
}

/** How an object came to be known. */
export interface LearnedFrom {
  readonly revision?: string | undefined;
  /** Forms between this and the one before may have been missed. */
  readonly isListed?: boolean | undefined;
}

/** What is known of each Ingress, from watches and from the answers to writes, whichever is newer. */
export interface KnownIngresses {
  get(key: ObjectKey): KnownIngress | undefined;
  keys(): Iterable<ObjectKey>;
  /** `older`: it was known in a newer form. `other`: it is another object than the one of this name before. */
  learn(key: ObjectKey, item: RawObject, from?: LearnedFrom): "older" | "other" | "same";
  delete(key: ObjectKey): void;
}

export function createKnownIngresses(fieldManager: string): KnownIngresses {
  const known = new Map<ObjectKey, KnownIngress>();
  return {
    get: (key) => known.get(key),
    keys: () => known.keys(),
    learn(key, item, { revision = ingressRevision(item), isListed = false } = {}) {
      const facts = ingressFacts(item, fieldManager);
      const before = known.get(key);
      if (facts === undefined) return "older";
      const { resourceVersion } = facts;
      if (before !== undefined && isOlder(facts, before)) {
        // It had another form between the two that are known.
        if (revision !== before.revision && !isAtLeast(before.formVersion, resourceVersion))
          known.set(key, { ...before, formVersion: before.resourceVersion });
        return "older";
      }
      const isSameForm = !isListed && before?.uid === facts.uid && before.revision === revision;
      const formVersion = isSameForm ? before.formVersion : resourceVersion;
      known.set(key, { ...facts, revision, formVersion });
      return before?.uid === facts.uid ? "same" : "other";
    },
    delete: (key) => void known.delete(key),
  };
}

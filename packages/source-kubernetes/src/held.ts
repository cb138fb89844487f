import type { RawObject } from "@sluice/kubernetes-objects";
import type { Diagnostic, Kind, KubeObject, ObjectRef } from "@sluice/model";
import { z } from "zod";
import type { Listing } from "./list.ts";
import { narrowItem } from "./narrow.ts";

/** Where differences go. */
export type Put = (
  ref: ObjectRef,
  object: KubeObject | undefined,
  diagnostics: readonly Diagnostic[],
) => void;

/** Which objects of a collection this source has delivered, and in which version, so that only differences go on. */
export interface Held {
  /** An object as it is now; nothing happens if this very version is held. */
  set(item: RawObject): void;
  /** An object that is gone. One of the same name that has come since stays. */
  delete(item: RawObject): void;
  /** Begins to take in a list. What is held and not in it goes at its end. */
  begin(): HeldListing;
  /** Everything is gone. */
  clear(): void;
  readonly size: number;
}

export interface HeldListing extends Listing {
  /** The list is complete. Without this call nothing has happened. */
  end(): void;
}

interface Version {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly version: string;
}

const Head = z.object({
  metadata: z.object({
    name: z.string().min(1),
    namespace: z.string().catch(""),
    uid: z.string().catch(""),
    resourceVersion: z.string().catch(""),
  }),
});

/** Is shown each object as the API server gives it, before it reaches the store, and `undefined` once it is gone. */
export type Observe = (ref: ObjectRef, item: RawObject | undefined, seen?: Seen) => void;

/** How an object was seen. */
export interface Seen {
  /** Of an Ingress: see `ingressRevision`. */
  readonly revision?: string;
  /** In a list: it may have had other forms since it was seen before. */
  readonly isListed: boolean;
}

/** Holds nothing yet. */
export function createHeld(kind: Kind, apiVersion: string, put: Put, observe: Observe = () => {}): Held {
  const held = new Map<string, Version>();

  const headOf = (item: RawObject): Version & { readonly id: string } => {
    const { name, namespace, uid, resourceVersion: version } = Head.parse(item).metadata;
    return { id: `${namespace}/${name}`, ref: { kind, namespace, name }, uid, version };
  };
  const isHeld = ({ id, uid, version }: Version & { readonly id: string }): boolean => {
    const known = held.get(id);
    return known !== undefined && version !== "" && known.uid === uid && known.version === version;
  };
  const drop = (id: string, { ref }: Version): void => {
    held.delete(id);
    observe(ref, undefined);
    put(ref, undefined, []);
  };

  return {
    set(item) {
      const { id, ...version } = headOf(item);
      if (isHeld({ id, ...version })) return;
      held.set(id, version);
      const { object, diagnostics, revision } = narrowItem(kind, apiVersion, item);
      observe(version.ref, item, { isListed: false, ...(revision === undefined ? {} : { revision }) });
      put(version.ref, object, diagnostics);
    },
    delete(item) {
      const { id, uid } = headOf(item);
      const known = held.get(id);
      if (known !== undefined && known.uid === uid) drop(id, known);
    },
    begin() {
      const seen = new Set<string>();
      const changes: (() => void)[] = [];
      return {
        page(items) {
          for (const item of items) {
            const { id, ...version } = headOf(item);
            seen.add(id);
            if (isHeld({ id, ...version })) continue;
            const { object, diagnostics, revision } = narrowItem(kind, apiVersion, item);
            observe(version.ref, item, { isListed: true, ...(revision === undefined ? {} : { revision }) });
            changes.push(() => {
              held.set(id, version);
              put(version.ref, object, diagnostics);
            });
          }
        },
        end() {
          for (const change of changes) change();
          for (const [id, version] of [...held]) if (!seen.has(id)) drop(id, version);
        },
      };
    },
    clear() {
      for (const [id, version] of [...held]) drop(id, version);
    },
    get size() {
      return held.size;
    },
  };
}

import type { Kind, ObjectKey } from "@sluice/model";
import { type CountedKeys, type LiveKeys, liveKeys } from "./live-keys.ts";

/** Which objects somebody follows, by kind: counted over all stores that share a graph. */
export interface WantedKeys {
  of(kind: Kind): LiveKeys;
  acquire(key: ObjectKey): void;
  release(key: ObjectKey): void;
}

/** Nothing is wanted yet. */
export function wantedKeys(): WantedKeys {
  const byKind = new Map<string, CountedKeys>();
  const of = (kind: string): CountedKeys => {
    const known = byKind.get(kind);
    if (known !== undefined) return known;
    const made = liveKeys();
    byKind.set(kind, made);
    return made;
  };
  const kindOf = (key: ObjectKey): string => key.slice(0, key.indexOf("/"));
  return {
    of,
    acquire: (key) => of(kindOf(key)).acquire(key),
    release: (key) => of(kindOf(key)).release(key),
  };
}

import { type KubeObject, type ObjectKey, type ObjectOf, objectKey } from "@sluice/model";
import type { Graph, Index, IndexDefinition, LiveKeys, Store, StoreReader } from "@sluice/store";

/** How many of the objects under one key of an index are looked at: one host may be shared by thousands. */
const MOST = 200;
/** Under how many keys of an index the object itself is looked at: it may name thousands of hosts. */
const MOST_KEYS = 50;
/** How many others are looked at under all keys together: each is translated anew for each host. */
const MOST_MEETINGS = 400;

/** A view of a store with one more object. */
export interface OverlayStore {
  readonly reader: StoreReader;
  /** Whether there was more to look at than has been looked at so far. */
  isPartial(): boolean;
}

/**
 * A store as it would be with one more object, of which only that object is to be derived: it alone is among the keys, and
 * everything that it meets is looked up. It is a view of a moment: nothing that it reads is recorded, so no object is fetched
 * because of it. There are no Secrets in it. Of the object's hosts 50 are
 * looked at, and of those that meet it at one host 200, at all hosts together 400, so that it is judged in milliseconds
 * whatever its hosts.
 */
export function overlayStore(store: Store, candidate: KubeObject, graph: Graph): OverlayStore {
  let isPartial = false;
  const onLeftOut = (): void => {
    isPartial = true;
  };
  const own = objectKey({
    kind: candidate.kind,
    namespace: candidate.metadata.namespace,
    name: candidate.metadata.name,
  });
  const unrecorded = <T>(read: () => T): T => store.graph.untracked(read);
  const reader: StoreReader = {
    graph,
    get(kind, namespace, name) {
      if (kind === "Secret") return undefined;
      // A key names its kind, so under the candidate's own key is the candidate.
      if (objectKey({ kind, namespace, name }) === own) return candidate as ObjectOf<typeof kind>;
      return unrecorded(() => store.get(kind, namespace, name));
    },
    list: (kind) => unrecorded(() => store.list(kind)),
    keys: (kind) => fixedKeys(kind === candidate.kind ? [own] : []),
    index: (definition) => overlayIndex(store, definition, { candidate, own, onLeftOut }),
  };
  return { reader, isPartial: () => isPartial };
}

interface Overlaid {
  readonly candidate: KubeObject;
  readonly own: ObjectKey;
  readonly onLeftOut: () => void;
}

function overlayIndex<K extends KubeObject["kind"]>(
  store: Store,
  definition: IndexDefinition<K>,
  { candidate, own, onLeftOut }: Overlaid,
): Index {
  const live = store.index(definition);
  // The definition is of the candidate's kind where the two are equal.
  const found = definition.kind === candidate.kind ? definition.keysOf(candidate as ObjectOf<K>) : [];
  const mine = new Set(found);
  const keys = [...mine].slice(0, MOST_KEYS);
  if (keys.length < mine.size) onLeftOut();
  const most = Math.min(MOST, Math.floor(MOST_MEETINGS / Math.max(1, keys.length)));
  return {
    get(key) {
      const all = store.graph.untracked(() => live.get(key));
      if (all.length > most) onLeftOut();
      const others = all.slice(0, most).filter((other) => other !== own);
      return mine.has(key) ? [...others, own].sort() : others;
    },
    keys: fixedKeys(keys),
  };
}

function fixedKeys(keys: Iterable<string>): LiveKeys {
  const current = new Set(keys);
  return { current: () => current, subscribe: () => () => {} };
}

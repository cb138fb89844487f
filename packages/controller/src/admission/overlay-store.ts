import { type KubeObject, type ObjectKey, type ObjectOf, objectKey } from "@sluice/model";
import type { Graph, Index, IndexDefinition, LiveKeys, Store, StoreReader } from "@sluice/store";

/** How many of the objects under one key of an index are looked at: one host may be shared by thousands. */
const MOST = 200;

/**
 * A store as it would be with one more object, of which only that object is to be derived: it alone is among the keys, and
 * everything that it meets is looked up. It is a view of a moment: nothing that it reads is recorded, so no object is fetched
 * because of it. There are no Secrets in it. Of those that meet the object at
 * one host, 200 are looked at, so that it is judged in milliseconds whatever the host.
 */
export function overlayStore(store: Store, candidate: KubeObject, graph: Graph): StoreReader {
  const own = objectKey({
    kind: candidate.kind,
    namespace: candidate.metadata.namespace,
    name: candidate.metadata.name,
  });
  const unrecorded = <T>(read: () => T): T => store.graph.untracked(read);
  return {
    graph,
    get(kind, namespace, name) {
      if (kind === "Secret") return undefined;
      // A key names its kind, so under the candidate's own key is the candidate.
      if (objectKey({ kind, namespace, name }) === own) return candidate as ObjectOf<typeof kind>;
      return unrecorded(() => store.get(kind, namespace, name));
    },
    list: (kind) => unrecorded(() => store.list(kind)),
    keys: (kind) => fixedKeys(kind === candidate.kind ? [own] : []),
    index: (definition) => overlayIndex(store, definition, candidate, own),
  };
}

function overlayIndex<K extends KubeObject["kind"]>(
  store: Store,
  definition: IndexDefinition<K>,
  candidate: KubeObject,
  own: ObjectKey,
): Index {
  const live = store.index(definition);
  // The definition is of the candidate's kind where the two are equal.
  const found = definition.kind === candidate.kind ? definition.keysOf(candidate as ObjectOf<K>) : [];
  const mine = new Set(found);
  return {
    get(key) {
      const others = store.graph
        .untracked(() => live.get(key))
        .slice(0, MOST)
        .filter((other) => other !== own);
      return mine.has(key) ? [...others, own].sort() : others;
    },
    keys: fixedKeys(mine),
  };
}

function fixedKeys(keys: Iterable<string>): LiveKeys {
  const current = new Set(keys);
  return { current: () => current, subscribe: () => () => {} };
}

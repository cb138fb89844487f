import { isDeepStrictEqual } from "node:util";
import {
  type Kind,
  type KubeObject,
  type ObjectKey,
  type ObjectOf,
  type ObjectRef,
  objectKey,
} from "@sluice/model";
import { createGraph, type Graph, type OnError } from "./graph.ts";
import type { LiveKeys } from "./live-keys.ts";
import { createIndex, type Index, type IndexDefinition, type MaintainedIndex } from "./object-index.ts";
import { createObjectTable, keyOf, type ObjectTable } from "./object-table.ts";
import { afterSettled, settled } from "./settle.ts";
import { createSources, type Sources } from "./sources.ts";
import { type WantedKeys, wantedKeys } from "./wanted-keys.ts";

/** What one change does: objects to store, and objects to take out. One that is in both is stored. */
export interface StoreChange {
  readonly set: readonly KubeObject[];
  readonly removed: readonly ObjectRef[];
}

/** Called with the revision and the keys that changed, sorted. */
export type AppliedListener = (revision: number, changedKeys: readonly ObjectKey[]) => void;

/** The objects of all sources by kind, namespace and name, with recorded reads. */
export interface Store extends Sources {
  /** The graph of the derivations over this store. */
  readonly graph: Graph;
  /** The object, if there is one; a recorded read of this object alone, and also of its absence. */
  get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOf<K> | undefined;
  /**
   * All objects of the kind, sorted by key. A coarse read: any change in the kind runs the reader again, and sorts
   * anew. For kinds of few objects (IngressClass, MseIngressConfig); for others take an index.
   */
  list<K extends Kind>(kind: K): readonly ObjectOf<K>[];
  /** The keys of the objects of a kind. */
  keys(kind: Kind): LiveKeys;
  /**
   * The keys of the kind that an effect reads by `get`, whether there is such an object or not, in this store or in
   * one that it is a fork of or that is a fork of it: what a source has to fetch that does not hold a kind as a whole.
   * A key that leaves and comes back within a batch has never left.
   */
  wanted(kind: Kind): LiveKeys;
  /** The index, made on first call (which looks at each object of the kind once), the same afterwards. */
  index<K extends Kind>(definition: IndexDefinition<K>): Index;
  /**
   * Stores and takes out objects in one batch; when it returns (outside of a batch of the caller's), effects have run.
   * An object deeply equal to the stored one is dropped. One that differs in `location` alone is stored but runs
   * nobody and is not a change: lines shift with each edit of a file, and nothing translated depends on them.
   * So derivations must not read `location`; reports read it from here when they are made.
   */
  apply(change: StoreChange): void;
  /** Counts the calls of `apply` that changed something. Not recorded. */
  revision(): number;
  /** Calls `listener` after each change, when everything has settled. */
  onApplied(listener: AppliedListener): () => void;
  /** All objects, sorted by key. Not recorded. Holds Secrets: redact before showing. */
  dump(): KubeObject[];
  /** Numbers of what is held, for tests of leaks and for metrics. */
  sizes(): { readonly table: number; readonly indexes: number };
  /** An empty store with sources of its own, on the same graph: what is derived from either, or wanted, counts there. */
  fork(): Store;
}

/** What derivations read of a store. */
export type StoreReader = Pick<Store, "graph" | "get" | "list" | "keys" | "index">;

/** An empty store. `onError` receives exceptions of derivations, effects and index functions: bugs, not user errors. */
export function createStore(options: { readonly onError?: OnError } = {}): Store {
  const onError =
    options.onError ?? ((name, key, error) => console.error(`Failed: ${name} of ${key}:`, error));
  return storeOn(createGraph({ onError }), wantedKeys(), onError);
}

function storeOn(graph: Graph, wanted: WantedKeys, onError: OnError): Store {
  const table = createObjectTable(wanted);
  const indexes = createIndexes(table, onError);
  const listeners = new Set<AppliedListener>();
  let revision = 0;

  const apply = (change: StoreChange): void => {
    const changed = new Set<ObjectKey>();
    for (const ref of change.removed) remove(table, indexes, ref, changed);
    for (const object of change.set) put(table, indexes, object, changed);
    if (changed.size === 0) return;
    const applied = ++revision;
    afterSettled(() => {
      const keys = [...changed].sort();
      for (const listener of [...listeners]) listener(applied, keys);
    });
  };

  return {
    ...createSources(),
    graph,
    // The key holds the kind, and an object is only ever stored under the key of its own kind.
    get: <K extends Kind>(kind: K, namespace: string, name: string) =>
      table.read(objectKey({ kind, namespace, name })) as ObjectOf<K> | undefined,
    // As above: the table of a kind holds that kind.
    list: <K extends Kind>(kind: K) => table.list(kind) as readonly ObjectOf<K>[],
    keys: (kind) => table.keys(kind),
    wanted: wanted.of,
    index: indexes.get,
    apply: (change) => graph.batch(() => apply(change)),
    revision: () => revision,
    onApplied(listener) {
      const own: AppliedListener = (number, keys) => listener(number, keys);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    dump: () => table.all(),
    sizes: () => ({ table: table.size, indexes: indexes.size }),
    fork: () => storeOn(graph, wanted, onError),
  };
}

function remove(table: ObjectTable, indexes: Indexes, ref: ObjectRef, changed: Set<ObjectKey>): void {
  const key = objectKey(ref);
  if (table.peek(key) === undefined) return;
  table.write(key, ref.kind, undefined);
  indexes.update(key, ref.kind, undefined);
  changed.add(key);
}

function put(table: ObjectTable, indexes: Indexes, object: KubeObject, changed: Set<ObjectKey>): void {
  const key = keyOf(object);
  const old = table.peek(key);
  if (old === object) return;
  if (old !== undefined && equalApartFromLocation(old, object)) {
    table.writeSilently(key, object.kind, object);
    return;
  }
  table.write(key, object.kind, object);
  indexes.update(key, object.kind, object);
  changed.add(key);
}

/** Whether two objects say the same, wherever in a file they stand. */
export function equalApartFromLocation(a: KubeObject, b: KubeObject): boolean {
  const { location: _a, ...left } = a;
  const { location: _b, ...right } = b;
  return isDeepStrictEqual(left, right);
}

interface Indexes {
  get<K extends Kind>(definition: IndexDefinition<K>): Index;
  update(key: ObjectKey, kind: Kind, object: KubeObject | undefined): void;
  readonly size: number;
}

function createIndexes(table: ObjectTable, onError: OnError): Indexes {
  const byDefinition = new Map<object, MaintainedIndex<KubeObject>>();
  const byKind = new Map<Kind, MaintainedIndex<KubeObject>[]>();
  return {
    get<K extends Kind>(definition: IndexDefinition<K>): Index {
      const known = byDefinition.get(definition);
      if (known) return known.index;
      // An index is filed under its kind below, and so is given objects of that kind alone.
      const keysOf = definition.keysOf as (object: KubeObject) => readonly string[];
      const made = createIndex(definition.name, keysOf, onError);
      byDefinition.set(definition, made);
      byKind.set(definition.kind, [...(byKind.get(definition.kind) ?? []), made]);
      settled(() => {
        for (const object of table.values(definition.kind)) made.update(keyOf(object), object);
      });
      return made.index;
    },
    update(key, kind, object) {
      for (const index of byKind.get(kind) ?? []) index.update(key, object);
    },
    get size() {
      return [...byDefinition.values()].reduce((sum, index) => sum + index.size, 0);
    },
  };
}

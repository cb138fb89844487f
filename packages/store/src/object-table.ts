import { signal } from "@preact/signals-core";
import { KINDS, type Kind, type KubeObject, type ObjectKey, objectKey } from "@sluice/model";
import { keyedSignals } from "./keyed-signals.ts";
import { type KeySet, keySet } from "./live-keys.ts";
import type { WantedKeys } from "./wanted-keys.ts";

/** The objects, with what tells readers of one object, of a kind, and of the set of keys that something changed. */
export interface ObjectTable {
  /** The object under the key; a recorded read, also if there is none yet. */
  read(key: ObjectKey): KubeObject | undefined;
  /** The object under the key, not recorded. */
  peek(key: ObjectKey): KubeObject | undefined;
  /** All objects of a kind, sorted by key; a recorded read of the whole kind. */
  list(kind: Kind): readonly KubeObject[];
  keys(kind: Kind): KeySet;
  /** Stores (or with `undefined` takes out) the object and tells its readers. */
  write(key: ObjectKey, kind: Kind, object: KubeObject | undefined): void;
  /** Stores the object and tells nobody. */
  writeSilently(key: ObjectKey, kind: Kind, object: KubeObject): void;
  /** The objects of a kind in no order, not recorded. */
  values(kind: Kind): Iterable<KubeObject>;
  /** All objects, sorted by key, not recorded. */
  all(): KubeObject[];
  /** Objects and signals held, for tests of leaks. */
  readonly size: number;
}

/**
 * An empty table. Signals exist only for what is watched; the objects themselves are in one plain map per kind.
 * `wanted` holds the keys of those signals.
 */
export function createObjectTable(wanted: WantedKeys): ObjectTable {
  const kinds = new Map(KINDS.map((kind) => [kind, createKindTable()] as const));
  // Every kind has its table from the start.
  const table = (kind: Kind): KindTable => kinds.get(kind) ?? createKindTable();
  const kindOf = (key: ObjectKey): Kind => key.slice(0, key.indexOf("/")) as Kind; // By the type of the key.
  // The signal says that the object changed; the object itself is read from the map, so that a silent write is seen.
  const objects = keyedSignals((key, hooks) => {
    const objectKey = key as ObjectKey; // `at` is called with object keys only.
    return signal(table(kindOf(objectKey)).objects.get(objectKey), {
      name: key,
      watched() {
        hooks.watched?.call(this);
        wanted.acquire(objectKey);
      },
      unwatched() {
        hooks.unwatched?.call(this);
        wanted.release(objectKey);
      },
    });
  });
  const versions = keyedSignals((_kind, hooks) => signal({}, hooks));

  return {
    read(key) {
      void objects.at(key).value;
      return table(kindOf(key)).objects.get(key);
    },
    peek: (key) => table(kindOf(key)).objects.get(key),
    list(kind) {
      void versions.at(kind).value;
      const one = table(kind);
      one.sorted ??= sortedValues(one.objects);
      return one.sorted;
    },
    keys: (kind) => table(kind).keys,
    write(key, kind, object) {
      const one = table(kind);
      one.sorted = undefined;
      if (object === undefined) {
        one.objects.delete(key);
        one.keys.delete(key);
      } else {
        one.objects.set(key, object);
        one.keys.add(key);
      }
      const watched = objects.peek(key);
      if (watched) watched.value = object;
      const version = versions.peek(kind);
      if (version) version.value = {};
    },
    writeSilently(key, kind, object) {
      const one = table(kind);
      one.sorted = undefined;
      one.objects.set(key, object);
    },
    values: (kind) => table(kind).objects.values(),
    all: () => [...kinds.values()].flatMap((one) => [...one.objects.values()]).sort(byKey),
    get size() {
      return [...kinds.values()].reduce((sum, one) => sum + one.objects.size, objects.size + versions.size);
    },
  };
}

interface KindTable {
  readonly objects: Map<ObjectKey, KubeObject>;
  readonly keys: KeySet;
  sorted: readonly KubeObject[] | undefined;
}

function createKindTable(): KindTable {
  return { objects: new Map(), keys: keySet(true), sorted: undefined };
}

function sortedValues(objects: ReadonlyMap<ObjectKey, KubeObject>): readonly KubeObject[] {
  return [...objects].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, object]) => object);
}

function byKey(a: KubeObject, b: KubeObject): number {
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The key of an object. */
export function keyOf(object: KubeObject): ObjectKey {
  return objectKey({ kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name });
}

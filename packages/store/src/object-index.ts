import { signal } from "@preact/signals-core";
import type { Kind, ObjectKey, ObjectOf } from "@sluice/model";
import type { OnError } from "./graph.ts";
import { keyedSignals } from "./keyed-signals.ts";
import { keySet, type LiveKeys } from "./live-keys.ts";
import { beforeEffects } from "./settle.ts";

/** Which keys an object is found under. Made once, as a constant: its identity is the index. */
export interface IndexDefinition<K extends Kind> {
  readonly name: string;
  readonly kind: K;
  readonly keysOf: (object: ObjectOf<K>) => readonly string[];
}

/**
 * Declares an index over the objects of one kind. `keysOf` is pure; a key named twice counts once. If it throws,
 * that is a bug: it is reported, and the object counts as having no keys.
 */
export function defineIndex<K extends Kind>(
  name: string,
  kind: K,
  keysOf: (object: ObjectOf<K>) => readonly string[],
): IndexDefinition<K> {
  return { name, kind, keysOf };
}

/** Objects by a key computed from them. */
export interface Index {
  /** Keys of the objects under `key`, sorted; a recorded read, and the same array while nothing has changed. */
  get(key: string): readonly ObjectKey[];
  /** The keys that hold at least one object. */
  readonly keys: LiveKeys;
}

/** An index and the store's side of it. */
export interface MaintainedIndex<O> {
  readonly index: Index;
  /** Files the object anew; `undefined` takes it out. Readers run when the batch around it ends. */
  update(objectKey: ObjectKey, object: O | undefined): void;
  readonly size: number;
}

const EMPTY: readonly ObjectKey[] = [];

/** An index by `keysOf`. A change costs the buckets that it touches: what nobody watches is sorted when it is read. */
export function createIndex<O>(
  name: string,
  keysOf: (object: O) => readonly string[],
  onError: OnError,
): MaintainedIndex<O> {
  const keysByObject = new Map<ObjectKey, readonly string[]>();
  const members = new Map<string, Set<ObjectKey>>();
  const sorted = new Map<string, readonly ObjectKey[]>();
  const stale = new Set<string>();
  const keys = keySet(true);

  const bucket = (key: string): readonly ObjectKey[] => {
    const old = sorted.get(key);
    if (old !== undefined && !stale.has(key)) return old;
    stale.delete(key);
    const set = members.get(key);
    if (set === undefined) {
      sorted.delete(key);
      return EMPTY;
    }
    const list = [...set].sort();
    const kept = old !== undefined && sameItems(old, list) ? old : list;
    sorted.set(key, kept);
    return kept;
  };
  const signals = keyedSignals((key, hooks) => signal(bucket(key), hooks));

  const enter = (key: string, object: ObjectKey): void => {
    const set = members.get(key);
    if (set) set.add(object);
    else {
      members.set(key, new Set([object]));
      keys.add(key);
    }
    stale.add(key);
  };
  const leave = (key: string, object: ObjectKey): void => {
    const set = members.get(key);
    if (!set?.delete(object)) return;
    if (set.size === 0) {
      members.delete(key);
      keys.delete(key);
    }
    stale.add(key);
  };

  const publish = (): void => {
    for (const key of stale) {
      const watched = signals.peek(key);
      if (watched) watched.value = bucket(key);
      else {
        stale.delete(key);
        sorted.delete(key);
      }
    }
  };

  return {
    index: {
      get(key) {
        const watched = signals.at(key);
        // Within a batch, before the changes are published: a reader sees them all the same.
        if (stale.has(key)) watched.value = bucket(key);
        return watched.value;
      },
      keys,
    },
    update(objectKey, object) {
      const before = keysByObject.get(objectKey) ?? [];
      const now = object === undefined ? [] : safeKeys(name, keysOf, objectKey, object, onError);
      for (const key of before) if (!now.includes(key)) leave(key, objectKey);
      for (const key of now) if (!before.includes(key)) enter(key, objectKey);
      if (now.length > 0) keysByObject.set(objectKey, now);
      else keysByObject.delete(objectKey);
      if (stale.size > 0) beforeEffects(publish);
    },
    get size() {
      return keysByObject.size + members.size + sorted.size + stale.size + signals.size;
    },
  };
}

function safeKeys<O>(
  name: string,
  keysOf: (object: O) => readonly string[],
  objectKey: ObjectKey,
  object: O,
  onError: OnError,
): readonly string[] {
  try {
    return [...new Set(keysOf(object))];
  } catch (error) {
    onError(`index ${name}`, objectKey, error);
    return [];
  }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, position) => item === b[position]);
}

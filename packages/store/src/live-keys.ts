import { markDirty, type PendingKeys, settled } from "./settle.ts";

/** A set of keys that tells what joins and leaves it. */
export interface LiveKeys {
  /** The keys as last delivered: a view that changes when the listeners are called, not before. */
  current(): ReadonlySet<string>;
  /**
   * Calls `listener` with the keys that joined and left, each list sorted, at the end of the outermost batch;
   * a key that joins and leaves within it is not mentioned. The keys of now are not repeated.
   * An exception of a listener reaches the caller of the batch after everything has settled.
   */
  subscribe(listener: KeysListener): () => void;
}

export type KeysListener = (added: readonly string[], removed: readonly string[]) => void;

/** A {@link LiveKeys} whose keys live as long as somebody holds them. */
export interface CountedKeys extends LiveKeys {
  /** Holds the key once more. The first holder makes it join. */
  acquire(key: string): void;
  /** Gives back one hold; the last one makes it leave. Throws if nobody holds it: that is a bug of the caller. */
  release(key: string): void;
}

/** A {@link LiveKeys} of which the owner says what is in it. Adding twice is adding once. */
export interface KeySet extends LiveKeys {
  add(key: string): void;
  delete(key: string): void;
}

const NONE: readonly string[] = [];

/** A set of keys; see {@link PendingKeys.early} for when its changes are delivered. */
export function keySet(early = false): KeySet {
  const present = new Set<string>();
  const pending = new Map<string, boolean>();
  const listeners = new Set<KeysListener>();

  const state: PendingKeys = {
    early,
    deliver(side) {
      const joins = side === "added";
      const keys = [...pending].filter(([, join]) => join === joins).map(([key]) => key);
      if (keys.length === 0) return false;
      keys.sort();
      for (const key of keys) {
        pending.delete(key);
        if (joins) present.add(key);
        else present.delete(key);
      }
      notify(listeners, joins ? keys : NONE, joins ? NONE : keys);
      return true;
    },
  };

  const want = (key: string, join: boolean): void =>
    settled(() => {
      if (present.has(key) === join) pending.delete(key);
      else pending.set(key, join);
      if (pending.size > 0) markDirty(state);
    });

  return {
    current: () => present,
    subscribe(listener) {
      // A wrapper, so that one function subscribed twice is called twice.
      const own: KeysListener = (added, removed) => listener(added, removed);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    add: (key) => want(key, true),
    delete: (key) => want(key, false),
  };
}

function notify(listeners: Set<KeysListener>, added: readonly string[], removed: readonly string[]): void {
  let failed: { error: unknown } | undefined;
  for (const listener of [...listeners]) {
    if (!listeners.has(listener)) continue;
    try {
      listener(added, removed);
    } catch (error) {
      failed ??= { error };
    }
  }
  if (failed) throw failed.error;
}

/** Counted keys, to be held from effects: a virtual host holds the clusters that it names. */
export function liveKeys(): CountedKeys {
  const keys = keySet();
  const counts = new Map<string, number>();
  return {
    current: keys.current,
    subscribe: keys.subscribe,
    acquire(key) {
      const count = counts.get(key) ?? 0;
      counts.set(key, count + 1);
      if (count === 0) keys.add(key);
    },
    release(key) {
      const count = counts.get(key) ?? 0;
      if (count === 0) throw new Error(`Released the key ${JSON.stringify(key)}, which nobody holds.`);
      if (count > 1) {
        counts.set(key, count - 1);
        return;
      }
      counts.delete(key);
      keys.delete(key);
    },
  };
}

import type { ReadonlySignal } from "@preact/signals-core";
import { isSettling, sweepLater } from "./settle.ts";

/** What a signal must be made with, so that its entry goes when nobody watches it. */
export interface WatchHooks {
  readonly watched: () => void;
  readonly unwatched: () => void;
}

/** Signals by key, each kept only while something watches it. */
export interface KeyedSignals<S> {
  /** The signal of the key, made at need. Outside of a batch it is not kept unless it is watched already. */
  at(key: string): S;
  /** The signal of the key if there is one. */
  peek(key: string): S | undefined;
  readonly size: number;
}

interface Entry<S> {
  readonly signal: S;
  watched: boolean;
}

/**
 * Signals by key, made by `make` on first read. An entry that nobody watches goes when the batch has
 * settled, not at once: a reader that lets go and another that takes hold within one batch share it.
 */
export function keyedSignals<S extends ReadonlySignal<unknown>>(
  make: (key: string, hooks: WatchHooks) => S,
): KeyedSignals<S> {
  const entries = new Map<string, Entry<S>>();
  const unwatched = new Set<string>();

  const sweep = (): void => {
    for (const key of unwatched) if (entries.get(key)?.watched === false) entries.delete(key);
    unwatched.clear();
  };
  const drop = (key: string): void => {
    unwatched.add(key);
    if (isSettling()) sweepLater(sweep);
    else sweep();
  };
  const add = (key: string): Entry<S> => {
    const signal = make(key, {
      watched: () => {
        entry.watched = true;
      },
      unwatched: () => {
        entry.watched = false;
        drop(key);
      },
    });
    const entry: Entry<S> = { signal, watched: false };
    entries.set(key, entry);
    drop(key);
    return entry;
  };

  return {
    at: (key) => (entries.get(key) ?? add(key)).signal,
    peek: (key) => entries.get(key)?.signal,
    get size() {
      return entries.size;
    },
  };
}

import type { ReadonlySignal, SignalOptions } from "@preact/signals-core";
import { isSettling, sweepLater } from "./settle.ts";

/** Signals by key, each kept only while something watches it. */
export interface KeyedSignals<S> {
  /** The signal of the key, made at need. Outside of a batch it is not kept unless it is watched already. */
  at(key: string): S;
  /** The signal of the key if there is one. */
  peek(key: string): S | undefined;
  readonly size: number;
}

/**
 * Signals by key, made by `make` (with the options that it is given) on first read. An entry that nobody
 * watches goes when the batch has settled, not at once: a reader that lets go and another that takes hold
 * within one batch share it. `counted` is told of each entry that comes (1) or goes (-1).
 */
export function keyedSignals<V, S extends ReadonlySignal<V>>(
  make: (key: string, options: SignalOptions<V>) => S,
  counted: (change: 1 | -1) => void = () => {},
): KeyedSignals<S> {
  const entries = new Map<string, S>();
  const unwatched = new Set<string>();

  const sweep = (): void => {
    for (const key of unwatched) if (entries.delete(key)) counted(-1);
    unwatched.clear();
  };
  const drop = (key: string): void => {
    unwatched.add(key);
    if (isSettling()) sweepLater(sweep);
    else sweep();
  };
  // The hooks are shared by all keys, for their memory; the signal's name is its key.
  const hooks: Pick<SignalOptions<V>, "watched" | "unwatched"> = {
    watched() {
      unwatched.delete(this.name ?? "");
    },
    unwatched() {
      drop(this.name ?? "");
    },
  };

  return {
    at(key) {
      const known = entries.get(key);
      if (known) return known;
      const made = make(key, { name: key, ...hooks });
      entries.set(key, made);
      counted(1);
      drop(key);
      return made;
    },
    peek: (key) => entries.get(key),
    get size() {
      return entries.size;
    },
  };
}

import { type Signal, signal } from "@preact/signals-core";
import { keyedSignals } from "./keyed-signals.ts";
import { keySet, type LiveKeys } from "./live-keys.ts";
import { settled } from "./settle.ts";

/** Cells by key whose reads are recorded, for values that are fetched on demand: the demand is `keys`. */
export interface WatchedCells<T> {
  /** The value of the key, or the initial one. Recorded. */
  get(key: string): T;
  /** Replaces the value of a key that is watched; nobody else would see it. An equal one is dropped and nobody runs. */
  set(key: string, value: T): void;
  /** The keys that an effect watches. One that leaves and comes back within a batch has never left. */
  readonly keys: LiveKeys;
}

/** No cells yet; each starts as `initial`, and again when it is watched anew. `equals` as for a single cell. */
export function watchedCells<T>(
  initial: T,
  options: { equals?: (a: T, b: T) => boolean } = {},
): WatchedCells<T> {
  const equals = options.equals ?? Object.is;
  const keys = keySet();
  const signals = keyedSignals<T, Signal<T>>((key, hooks) =>
    signal(initial, {
      name: key,
      watched() {
        hooks.watched?.call(this);
        keys.add(key);
      },
      unwatched() {
        hooks.unwatched?.call(this);
        keys.delete(key);
      },
    }),
  );
  return {
    get: (key) => signals.at(key).value,
    set(key, value) {
      const known = signals.peek(key);
      if (known === undefined || equals(known.peek(), value)) return;
      settled(() => {
        known.value = value;
      });
    },
    keys,
  };
}

import { signal } from "@preact/signals-core";
import { settled } from "./settle.ts";

/** One value whose reads are recorded. */
export interface Cell<T> {
  /** The value; within a derivation or an effect the read is recorded. */
  get(): T;
  /** Replaces the value. An equal one is dropped: the old value stays and nobody runs. */
  set(value: T): void;
}

/** A cell that holds `initial`. `equals` (default `Object.is`) says which values need not be told apart. */
export function cell<T>(initial: T, options: { equals?: (a: T, b: T) => boolean } = {}): Cell<T> {
  const equals = options.equals ?? Object.is;
  const state = signal(initial);
  return {
    get: () => state.value,
    set(value) {
      if (equals(state.peek(), value)) return;
      settled(() => {
        state.value = value;
      });
    },
  };
}

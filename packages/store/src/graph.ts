import { computed, effect, type ReadonlySignal, untracked } from "@preact/signals-core";
import { type KeyedSignals, keyedSignals } from "./keyed-signals.ts";
import type { LiveKeys } from "./live-keys.ts";
import { isSettling, settled } from "./settle.ts";

/** Called with an exception that is a bug of ours: which derivation or effect, for which key. Must not throw. */
export type OnError = (name: string, key: string, error: unknown) => void;

export interface DeriveOptions<V> {
  /** Says which values need not be told apart; default identity. */
  readonly equals?: (a: V, b: V) => boolean;
}

/**
 * Memoised derivations by key, over the signals library. Reads (of the store, of an index, of a cell,
 * of another derivation) are recorded; a change runs again only what read it. Effects are to be made here, not with the
 * library itself: what is read outside of them is forgotten at once.
 */
export interface Graph {
  /**
   * A derivation: `fn` of a key, pure apart from recorded reads, run again only when something that it read has
   * changed. An equal result keeps the previous value, so the wave stops there. A key is remembered while an
   * effect watches it; read from outside of effects, it is computed for that read (or for the batch around it).
   *
   * An exception of `fn` is a bug: it goes to `onError` with the name and the key, once, and to each reader.
   * The derivation runs again at the next change of what it read. The graph holds on to no derivation: one that nobody has
   * any more is gone, however many of its name there have been.
   */
  derive<V>(name: string, fn: (key: string) => V, options?: DeriveOptions<V>): (key: string) => V;
  /** Runs `run(key, value)` at once and whenever the derivation's value for the key changes, until disposed. */
  watch<V>(derivation: (key: string) => V, key: string, run: (key: string, value: V) => void): () => void;
  /**
   * Runs `run(key)` as an effect of its own for each key, also for keys that join later. When a key leaves, its
   * effect is disposed and `gone(key)` is called. Disposing the whole ends all effects without calling `gone`.
   */
  forEachKey(keys: LiveKeys, run: (key: string) => void, gone: (key: string) => void): () => void;
  /**
   * Runs `run` at once and whenever something that it read has changed, until disposed. An exception goes to
   * `onError` and harms nobody else; the effect stays, and runs again at the next change of what it read.
   */
  effect(run: () => void): () => void;
  /** Runs `fn`; effects and deliveries of keys wait for its end. Nested batches join the outermost one. */
  batch<T>(fn: () => T): T;
  /** Runs `fn` without recording its reads. */
  untracked<T>(fn: () => T): T;
  /** How often each derivation has run since the graph was made, by name. */
  runs(): ReadonlyMap<string, number>;
  /** How many keys each derivation remembers, by name. */
  entries(): ReadonlyMap<string, number>;
}

/** An empty graph. Without `onError`, exceptions in derivations and effects are printed to standard error. */
export function createGraph(options: { readonly onError?: OnError } = {}): Graph {
  const report = reporter(options.onError ?? printError);
  const runs = new Map<string, number>();
  // Numbers alone: a list of the derivations would keep those that nobody has any more, with all that they close over.
  const entries = new Map<string, number>();

  const guardedEffect = (name: string, key: string, run: () => void): (() => void) =>
    settled(() => {
      const dispose = effect(() => {
        try {
          run();
        } catch (error) {
          report(name, key, error);
        }
      });
      return () => settled(dispose);
    });

  return {
    derive<V>(name: string, fn: (key: string) => V, deriveOptions: DeriveOptions<V> = {}) {
      const { equals } = deriveOptions;
      if (!runs.has(name)) runs.set(name, 0);
      if (!entries.has(name)) entries.set(name, 0);
      const count = (change: number): void => void entries.set(name, (entries.get(name) ?? 0) + change);
      const signals = keyedSignals<V, ReadonlySignal<V>>((key, hooks) => {
        let last: { readonly value: V } | undefined;
        return computed(() => {
          runs.set(name, (runs.get(name) ?? 0) + 1);
          try {
            const value = fn(key);
            if (equals === undefined) return value;
            if (last === undefined || !equals(last.value, value)) last = { value };
            return last.value;
          } catch (error) {
            throw report(name, key, error);
          }
        }, hooks);
      }, count);
      return (key) => read(signals, key);
    },
    watch(derivation, key, run) {
      return guardedEffect("watch", key, () => {
        const value = derivation(key);
        untracked(() => run(key, value));
      });
    },
    forEachKey: (keys, run, gone) =>
      settled(() =>
        untracked(() => {
          const live = new Map<string, () => void>();
          const join = (key: string): void => {
            if (!live.has(key))
              live.set(
                key,
                guardedEffect("forEachKey", key, () => run(key)),
              );
          };
          const leave = (key: string): void => {
            const dispose = live.get(key);
            if (dispose === undefined) return;
            live.delete(key);
            dispose();
            guard(report, key, gone);
          };
          const unsubscribe = keys.subscribe((added, removed) => {
            for (const key of added) join(key);
            for (const key of removed) leave(key);
          });
          for (const key of [...keys.current()].sort()) join(key);
          return () =>
            settled(() => {
              unsubscribe();
              for (const dispose of live.values()) dispose();
              live.clear();
            });
        }),
      ),
    effect: (run) => guardedEffect("effect", "", run),
    batch: settled,
    untracked,
    runs: () => runs,
    entries: () => new Map(entries),
  };
}

function read<V>(signals: KeyedSignals<ReadonlySignal<V>>, key: string): V {
  return isSettling() ? signals.at(key).value : settled(() => signals.at(key).value);
}

function guard(report: Report, key: string, fn: (key: string) => void): void {
  try {
    fn(key);
  } catch (error) {
    report("gone", key, error);
  }
}

type Report = (name: string, key: string, error: unknown) => Error;

/** Reports each error where it arose and not again where it passes; gives the error to throw on. */
function reporter(onError: OnError): Report {
  const seen = new WeakSet<Error>();
  return (name, key, thrown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    if (!seen.has(error)) {
      seen.add(error);
      onError(name, key, error);
    }
    return error;
  };
}

function printError(name: string, key: string, error: unknown): void {
  console.error(`Failed: ${name} of ${key}:`, error);
}

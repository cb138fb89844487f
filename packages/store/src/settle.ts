import { batch } from "@preact/signals-core";

/**
 * Key sets that have changes to hand out. `deliver` hands out what is pending of the named side and
 * tells whether there was any.
 */
export interface PendingKeys {
  /** Delivered before the effects of the batch run, so that effects of removed keys do not run once more. */
  readonly early: boolean;
  deliver(side: "added" | "removed"): boolean;
}

/** More rounds than any real graph is deep: beyond it, keys acquire and release each other in a circle. */
const MAX_ROUNDS = 1_000;

// One state per process, as the signals library has: everything here is synchronous.
let active = false;
const dirty = new Set<PendingKeys>();
const publications = new Set<() => void>();
const sweeps = new Set<() => void>();
let after: (() => void)[] = [];

/**
 * Runs `fn` as one batch and leaves everything settled: effects have run, key changes are delivered
 * until nothing is pending, and entries that nobody watches are dropped. Nested calls join the outermost one.
 *
 * Order: publications, early key sets, effects of changed signals, then in rounds all added keys until there are
 * none, then the removed ones. Adding first means that a key which moves from one holder to another never leaves.
 */
export function settled<T>(fn: () => T): T {
  if (active) return fn();
  active = true;
  const errors: unknown[] = [];
  try {
    return batch(() => {
      try {
        return fn();
      } finally {
        runAll(publications, errors);
        deliverEarly(errors);
      }
    });
  } finally {
    finish(errors);
  }
}

/** True while a batch is open: only then may work be left for its end. */
export function isSettling(): boolean {
  return active;
}

/** Has the keys delivered before the batch ends. Only while a batch is open. */
export function markDirty(keys: PendingKeys): void {
  dirty.add(keys);
}

/** Runs `publish` once, between the changes of the batch and the effects that they cause. Only while a batch is open. */
export function beforeEffects(publish: () => void): void {
  publications.add(publish);
}

/** Runs `sweep` once, when all is settled. Only while a batch is open. */
export function sweepLater(sweep: () => void): void {
  sweeps.add(sweep);
}

/** Runs `fn` after the batch, outside of it. Only while a batch is open. */
export function afterSettled(fn: () => void): void {
  after.push(fn);
}

function deliverEarly(errors: unknown[]): void {
  for (const keys of [...dirty]) {
    if (!keys.early) continue;
    dirty.delete(keys);
    collect(errors, () => keys.deliver("added"));
    collect(errors, () => keys.deliver("removed"));
  }
}

function finish(errors: unknown[]): void {
  try {
    let rounds = 0;
    while (dirty.size + publications.size > 0) {
      if (++rounds > MAX_ROUNDS) {
        dirty.clear();
        throw new Error(`Live keys did not settle in ${MAX_ROUNDS} rounds.`);
      }
      batch(() => {
        runAll(publications, errors);
        deliverRound(errors);
      });
    }
  } catch (error) {
    errors.push(error);
  } finally {
    runAll(sweeps, errors);
    active = false;
  }
  runAfter(errors);
  if (errors.length > 0) throw errors[0];
}

function deliverRound(errors: unknown[]): void {
  const round = [...dirty];
  let added = false;
  for (const keys of round) {
    collect(errors, () => {
      added = keys.deliver("added") || added;
    });
  }
  if (added) return;
  for (const keys of round) {
    dirty.delete(keys);
    collect(errors, () => keys.deliver("removed"));
  }
}

function runAll(fns: Set<() => void>, errors: unknown[]): void {
  for (const fn of fns) {
    fns.delete(fn);
    collect(errors, fn);
  }
}

function runAfter(errors: unknown[]): void {
  const listeners = after;
  after = [];
  for (const listener of listeners) collect(errors, listener);
}

function collect(errors: unknown[], fn: () => unknown): void {
  try {
    fn();
  } catch (error) {
    errors.push(error);
  }
}

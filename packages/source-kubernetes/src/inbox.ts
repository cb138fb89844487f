import {
  compareDiagnostics,
  type Diagnostic,
  type KubeObject,
  type ObjectKey,
  type ObjectRef,
  objectKey,
  parseObjectKey,
} from "@sluice/model";
import type { Store } from "@sluice/store";

/** Gathers what the followers learn, and hands it to the store: what comes within one turn of the event loop as one change. */
export interface Inbox {
  /** The object is this now, or is not there (`undefined`). What there is to say about it replaces what there was. */
  put(ref: ObjectRef, object: KubeObject | undefined, diagnostics: readonly Diagnostic[]): void;
  /** Nothing reaches the store before this is called, so that the first change is the whole. Applies it before it returns. */
  open(): void;
  /** Runs `done` when all that has been put so far is in the store. */
  whenApplied(done: () => void): void;
  /** Drops what has not been applied. */
  close(): void;
}

export function createInbox(store: Store, source: string): Inbox {
  let pending = new Map<ObjectKey, KubeObject | undefined>();
  let waiting: (() => void)[] = [];
  const findings = new Map<ObjectKey, readonly Diagnostic[]>();
  let findingsChanged = false;
  let isOpen = false;
  let scheduled: NodeJS.Immediate | undefined;

  const flush = (): void => {
    scheduled = undefined;
    const changes = [...pending];
    pending = new Map();
    if (findingsChanged) {
      findingsChanged = false;
      store.setDiagnostics(source, [...findings.values()].flat().sort(compareDiagnostics));
    }
    if (changes.length > 0)
      store.apply({
        set: changes.flatMap(([, object]) => (object === undefined ? [] : [object])),
        removed: changes.flatMap(([key, object]) => (object === undefined ? [parseObjectKey(key)] : [])),
      });
    const ready = waiting;
    waiting = [];
    for (const done of ready) done();
  };
  const schedule = (): void => {
    if (isOpen) scheduled ??= setImmediate(flush);
  };

  return {
    put(ref, object, diagnostics) {
      const key = objectKey(ref);
      pending.set(key, object);
      if (diagnostics.length > 0) findings.set(key, diagnostics);
      if (findings.has(key)) findingsChanged = true;
      if (diagnostics.length === 0) findings.delete(key);
      schedule();
    },
    open() {
      isOpen = true;
      flush();
    },
    whenApplied(done) {
      waiting.push(done);
      schedule();
    },
    close() {
      isOpen = false;
      clearImmediate(scheduled);
    },
  };
}

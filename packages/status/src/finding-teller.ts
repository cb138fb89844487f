import type { Clock } from "@sluice/kubernetes-api";
import type { Diagnostic, ObjectKey } from "@sluice/model";
import { createDiagnosticBook, diagnosticId } from "./diagnostic-book.ts";
import { diagnosticText, type EventText } from "./event-text.ts";
import type { Events, Regarding } from "./events.ts";

/** Tells of each finding in an Event of the object that it is about: once, and again when it has gone and come back. */
export interface FindingTeller {
  /** Replaces what a part of the gateway has to say. */
  diagnosed(part: string, found: readonly Diagnostic[]): void;
  /** The object has come, or is another one of its name. */
  appeared(key: ObjectKey): void;
  forget(key: ObjectKey): void;
}

export interface FindingTellerOptions {
  readonly clock: Clock;
  readonly events: Events;
  readonly regarding: (key: ObjectKey) => Regarding | undefined;
  readonly signal: AbortSignal;
}

/** Findings that go as soon as they come are not told. */
export const FINDING_DELAY_MS = 500;

export function createFindingTeller(options: FindingTellerOptions): FindingTeller {
  const { clock, events, signal } = options;
  const book = createDiagnosticBook();
  const toldOf = new Map<ObjectKey, Map<string, EventText>>();
  const everTold = new Map<ObjectKey, Set<string>>();
  let isScheduled = false;

  const tell = (key: ObjectKey): void => {
    const about = options.regarding(key);
    if (about === undefined) return;
    const before = toldOf.get(key) ?? new Map<string, EventText>();
    const now = new Map(book.of(key).map((each) => [diagnosticId(each), diagnosticText(each)]));
    const ever = everTold.get(key) ?? new Set<string>();
    everTold.set(key, ever);
    for (const [id, text] of before) if (!now.has(id)) events.withdraw(about, text);
    for (const [id, text] of now) {
      if (before.has(id)) continue;
      events.tell(about, text, ever.has(id));
      ever.add(id);
    }
    if (now.size === 0) toldOf.delete(key);
    else toldOf.set(key, now);
  };
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    void clock.sleep(FINDING_DELAY_MS, signal).then(() => {
      isScheduled = false;
      if (!signal.aborted) for (const key of book.takeChanged()) tell(key);
    });
  };

  return {
    diagnosed(part, found) {
      book.set(part, found);
      schedule();
    },
    appeared(key) {
      book.touch(key);
      schedule();
    },
    forget(key) {
      toldOf.delete(key);
      everTold.delete(key);
    },
  };
}

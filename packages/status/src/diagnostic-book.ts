import { type Diagnostic, type ObjectKey, objectKey } from "@sluice/model";

/** What there is to say about each object, gathered from the parts that find it. */
export interface DiagnosticBook {
  /** Replaces what a part has to say. */
  set(part: string, found: readonly Diagnostic[]): void;
  /** What is said of the object, each finding once however many parts say it. */
  of(object: ObjectKey): readonly Diagnostic[];
  /** To be told anew of an object: another of its name has come. */
  touch(object: ObjectKey): void;
  /** Objects of which something else is said than at the last call. */
  takeChanged(): readonly ObjectKey[];
}

interface Finding {
  readonly diagnostic: Diagnostic;
  /** How many parts say it. */
  parts: number;
}

/** The cost of a change is that of the part that changes. */
export function createDiagnosticBook(): DiagnosticBook {
  const parts = new Map<string, readonly Diagnostic[]>();
  const objects = new Map<ObjectKey, Map<string, Finding>>();
  let changed = new Set<ObjectKey>();

  const add = (diagnostic: Diagnostic): void => {
    const key = keyOf(diagnostic);
    if (key === undefined) return;
    const findings = objects.get(key) ?? new Map<string, Finding>();
    objects.set(key, findings);
    const id = diagnosticId(diagnostic);
    const finding = findings.get(id);
    if (finding !== undefined) finding.parts++;
    else {
      findings.set(id, { diagnostic, parts: 1 });
      changed.add(key);
    }
  };
  const take = (diagnostic: Diagnostic): void => {
    const key = keyOf(diagnostic);
    const findings = key && objects.get(key);
    if (key === undefined || findings === undefined) return;
    const id = diagnosticId(diagnostic);
    const finding = findings.get(id);
    if (finding === undefined || --finding.parts > 0) return;
    findings.delete(id);
    if (findings.size === 0) objects.delete(key);
    changed.add(key);
  };
  return {
    set(part, found) {
      const before = parts.get(part);
      if (before === undefined && found.length === 0) return;
      for (const diagnostic of found) add(diagnostic);
      for (const diagnostic of before ?? []) take(diagnostic);
      if (found.length === 0) parts.delete(part);
      else parts.set(part, found);
    },
    of: (object) => [...(objects.get(object)?.values() ?? [])].map(({ diagnostic }) => diagnostic),
    touch(object) {
      if (objects.has(object)) changed.add(object);
    },
    takeChanged() {
      const taken = [...changed];
      changed = new Set();
      return taken;
    },
  };
}

function keyOf({ origin }: Diagnostic): ObjectKey | undefined {
  return origin && objectKey(origin.object);
}

/** The same for what reads the same. */
export function diagnosticId({ code, severity, key, value, message }: Diagnostic): string {
  return JSON.stringify([code, severity, key, value, message]);
}

import { type Cell, cell } from "@sluice/store";

/**
 * A many-to-many relation that is filled in by effects and read by derivations. A write costs what it changes,
 * and reruns only the readers of the targets that it touched.
 */
export interface Relation {
  /** Replaces the targets of a source. */
  set(source: string, targets: ReadonlySet<string>): void;
  /** The sources of a target, sorted. Recorded. */
  get(target: string): readonly string[];
}

const NONE: readonly string[] = [];

export function createRelation(): Relation {
  const targetsOf = new Map<string, ReadonlySet<string>>();
  const sourcesOf = new Map<
    string,
    { readonly sources: Cell<readonly string[]>; current: readonly string[] }
  >();

  const entryOf = (target: string) => {
    const known = sourcesOf.get(target);
    if (known !== undefined) return known;
    const made = { sources: cell<readonly string[]>(NONE), current: NONE };
    sourcesOf.set(target, made);
    return made;
  };
  const replace = (target: string, change: (before: readonly string[]) => readonly string[]): void => {
    const entry = entryOf(target);
    entry.current = change(entry.current);
    entry.sources.set(entry.current);
  };

  return {
    set(source, targets) {
      const before = targetsOf.get(source) ?? new Set();
      if (targets.size === 0) targetsOf.delete(source);
      else targetsOf.set(source, targets);
      for (const target of before)
        if (!targets.has(target)) replace(target, (list) => list.filter((other) => other !== source));
      for (const target of targets)
        if (!before.has(target)) replace(target, (list) => [...list, source].sort());
    },
    get: (target) => entryOf(target).sources.get(),
  };
}

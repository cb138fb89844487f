import { isDeepStrictEqual } from "node:util";
import { compareDiagnostics, type Diagnostic } from "@sluice/model";
import { cell } from "./cell.ts";

/** What the sources tell besides objects: whether they have delivered all that they hold, and what they found. */
export interface Sources {
  /** Announces a source. The store is not synced until it has called `synced`, which it may do again. */
  registerSource(name: string): { synced(): void };
  /** Whether there is a source and all have synced; a recorded read. Once true it stays true, unless one is added. */
  isSynced(): boolean;
  /** The sources that have not synced, by name, sorted. Not recorded: for reports. */
  unsynced(): readonly string[];
  /** Resolves when the store is synced for the first time (at once if it is). Never rejects. */
  whenSynced(): Promise<void>;
  /** Replaces all diagnostics of a source. */
  setDiagnostics(source: string, list: readonly Diagnostic[]): void;
  /** The diagnostics of all sources in the order of reports; a recorded read, the same list while nothing changed. */
  diagnostics(): readonly Diagnostic[];
}

/** No sources yet: not synced, no diagnostics. */
export function createSources(): Sources {
  const waiting = new Set<{ readonly name: string }>();
  const isSynced = cell(false);
  const first = Promise.withResolvers<void>();
  const bySource = new Map<string, readonly Diagnostic[]>();
  const all = cell<readonly Diagnostic[]>([], { equals: isDeepStrictEqual });
  return {
    registerSource(name) {
      const source = { name };
      waiting.add(source);
      isSynced.set(false);
      return {
        synced() {
          if (!waiting.delete(source) || waiting.size > 0) return;
          isSynced.set(true);
          first.resolve();
        },
      };
    },
    isSynced: isSynced.get,
    unsynced: () => [...waiting].map(({ name }) => name).sort(),
    whenSynced: () => first.promise,
    setDiagnostics(source, list) {
      bySource.set(source, list);
      all.set([...bySource.values()].flat().sort(compareDiagnostics));
    },
    diagnostics: all.get,
  };
}

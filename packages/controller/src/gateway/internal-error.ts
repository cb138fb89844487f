import { type Diagnostic, type ObjectKey, parseObjectKey } from "@sluice/model";
import type { Store } from "@sluice/store";

/** How many failures are kept: enough to see a pattern, too few to fill a page. */
const KEPT = 20;

/** The finding that a derivation or effect of ours threw: a bug, which costs the unit that it happened in. */
export function internalError(derivation: string, key: string, error: unknown): Diagnostic {
  // Derivations of objects have the key of the object.
  const object = /^[A-Z]\w+\/[^/]*\/[^/]+$/.test(key) ? parseObjectKey(key as ObjectKey) : undefined;
  return {
    code: "internal-error",
    severity: "error",
    ...(object && { origin: { object } }),
    message: `Sluice failed on ${key} (${derivation}): ${error instanceof Error ? error.message : String(error)}`,
    hint: "This is a bug of Sluice, please report it.",
  };
}

/**
 * Makes the latest internal errors of a running gateway a part of its diagnostics. They stay until the process ends:
 * nobody can tell when a bug has gone.
 */
export function internalErrorLog(
  store: () => Store,
): (derivation: string, key: string, error: unknown) => void {
  const latest = new Map<string, Diagnostic>();
  let scheduled = false;
  return (derivation, key, error) => {
    latest.delete(`${derivation} ${key}`);
    latest.set(`${derivation} ${key}`, internalError(derivation, key, error));
    for (const oldest of latest.keys()) if (latest.size > KEPT) latest.delete(oldest);
    if (scheduled) return;
    scheduled = true;
    // A derivation that has just failed must not write what others read.
    queueMicrotask(() => {
      scheduled = false;
      store().setDiagnostics("internal", [...latest.values()]);
    });
  };
}

import type { DiagnosticCode } from "./diagnostic-codes.ts";
import type { Origin, SourceLocation } from "./origin.ts";

/** `error`: something the user asked for is not in force. `warning`: in force, but not as written. `info`: worth knowing. */
export type Severity = "error" | "warning" | "info";

/**
 * A finding about a user's input: a value that is passed on and reported, never thrown.
 * It never holds a secret's bytes: `value` is the text of an annotation or a field, not of a Secret.
 */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** Absent only for findings about a file that yields no object. */
  readonly origin?: Origin;
  /** One sentence that stands alone. */
  readonly message: string;
  /** Annotation or field, as the user wrote it (with its prefix). */
  readonly key?: string;
  readonly value?: string;
  /** What would have been right, in words. */
  readonly expected?: string;
  /** What to do next. */
  readonly hint?: string;
  /** Filled in by a source that knows files. */
  readonly location?: SourceLocation;
}

/** A value, if there is one, and what there is to say about it. Parsers of user input return this and never throw. */
export interface Parsed<T> {
  readonly value: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** A stable order for reports: by object, then key, then code, message and value. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return sortText(a) < sortText(b) ? -1 : sortText(a) > sortText(b) ? 1 : 0;
}

function sortText(d: Diagnostic): string {
  const object = d.origin?.object;
  const place = object ? `${object.kind}/${object.namespace}/${object.name}` : (d.location?.file ?? "");
  return [place, d.origin?.field ?? "", d.key ?? "", d.code, d.message, d.value ?? ""].join("\u0000");
}

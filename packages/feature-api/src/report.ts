import type { Diagnostic, DiagnosticCode, ObjectRef, Severity } from "@sluice/model";
import { type AnnotationSet, annotationOrigin } from "./annotations.ts";
import { shorten, shownValue } from "./shorten.ts";

export interface Finding {
  readonly message: string;
  readonly code?: DiagnosticCode;
  readonly severity?: Severity;
  /** The part of the value that it is about; default: the whole value. */
  readonly value?: string;
  readonly expected?: string;
  readonly hint?: string;
}

/** Collects what a feature finds in its annotations, and fills in object, annotation and value. */
export interface Report {
  /** A value, or the given part of it, that cannot be used. With a feature whose `onInvalid` is `deny`, its routes answer 503. */
  bad(key: string, expected: string, part?: string): void;
  /** Anything else worth saying; default severity is `warning`, default code `annotation-value`. */
  note(key: string, finding: Finding): void;
}

/** A report over an annotation set. `fallback` is the object named when the key is not in the set. */
export function createReport(
  set: AnnotationSet,
  fallback: ObjectRef,
  deny: boolean,
): { readonly report: Report; readonly diagnostics: Diagnostic[]; readonly isBad: () => boolean } {
  const diagnostics: Diagnostic[] = [];
  let anyBad = false;
  const place = (key: string): Pick<Diagnostic, "origin" | "key" | "value"> => {
    const entry = set.get(key);
    return entry === undefined
      ? { origin: { object: fallback }, key }
      : {
          origin: annotationOrigin(entry.object, entry.annotation),
          key: entry.annotation,
          value: shownValue(entry.text),
        };
  };
  const report: Report = {
    bad(key, expected, part) {
      anyBad = true;
      const where = place(key);
      const shown = shorten(part ?? where.value ?? "");
      const fault =
        part === undefined
          ? `${where.key} has a value that cannot be used (${shown})`
          : `${where.key} holds something that cannot be used (${shown})`;
      // What becomes of the rest of a value differs from key to key.
      const effect = deny
        ? ": the routes that it protects answer 503"
        : part === undefined
          ? " and is ignored"
          : "";
      diagnostics.push({
        code: deny ? "annotation-value-denied" : "annotation-value",
        severity: deny ? "error" : "warning",
        ...where,
        ...(part === undefined ? {} : { value: shownValue(part) }),
        message: `${fault}${effect}.`,
        expected,
      });
    },
    note(key, finding) {
      diagnostics.push({
        code: "annotation-value",
        severity: "warning",
        ...place(key),
        ...finding,
      });
    },
  };
  return { report, diagnostics, isBad: () => anyBad };
}

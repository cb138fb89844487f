import {
  compareDiagnostics,
  type Diagnostic,
  type DiagnosticCode,
  type KubeObject,
  type ObjectKey,
  objectKey,
  type SourceLocation,
} from "@sluice/model";
import { locate } from "@sluice/source-file";
import type { SourceTexts } from "./source-texts.ts";
import { findValue, keySpan } from "./value-span.ts";

/** A place in a file; from `column` to before `endColumn` stands what a finding is about. */
export interface Place extends SourceLocation {
  readonly endColumn: number;
}

/** A diagnostic, and where in the files it belongs. */
export interface Finding {
  readonly diagnostic: Diagnostic;
  /** Absent for what no file holds. */
  readonly place?: Place;
}

/** Finds the place of each diagnostic: the value it is about, else the field, else the object. Sorted by place. */
export function locateFindings(
  diagnostics: readonly Diagnostic[],
  objects: readonly KubeObject[],
  texts: SourceTexts,
): readonly Finding[] {
  const byKey = new Map<ObjectKey, KubeObject>();
  for (const object of objects) byKey.set(objectKey({ kind: object.kind, ...object.metadata }), object);
  return diagnostics
    .map((diagnostic): Finding => {
      const place = placeOf(diagnostic, byKey, texts);
      return place === undefined ? { diagnostic } : { diagnostic, place };
    })
    .sort(compareFindings);
}

/** What is wrong is that the key is there, whatever its value. */
const ABOUT_KEYS: ReadonlySet<DiagnosticCode> = new Set([
  "annotation-unknown",
  "annotation-no-effect",
  "annotation-refused",
  "annotation-unsupported",
  "canary-keys-unused",
]);

function placeOf(
  { code, origin, location, value }: Diagnostic,
  objects: ReadonlyMap<ObjectKey, KubeObject>,
  texts: SourceTexts,
): Place | undefined {
  const object = origin && objects.get(objectKey(origin.object));
  // An object as a whole is shown by its name.
  const field = origin?.field ?? "metadata.name";
  const start = location ?? (object && locate(object, field, texts.textOf));
  if (start === undefined) return undefined;
  const lines = texts.linesOf(start.file);
  const key = keySpan(lines, start.line, start.column);
  if (ABOUT_KEYS.has(code)) return { file: start.file, ...key };
  const isWhole = location === undefined && origin?.field === undefined;
  const wanted = isWhole ? object?.metadata.name : value;
  const isItem = /\[\d+\]$/.test(field);
  const found = wanted === undefined ? undefined : findValue(lines, { ...start, isItem }, wanted);
  return { file: start.file, ...(found ?? key) };
}

function compareFindings(a: Finding, b: Finding): number {
  if (a.place === undefined || b.place === undefined)
    return Number(a.place === undefined) - Number(b.place === undefined) || order(a, b);
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column || order(a, b);
}

function order(a: Finding, b: Finding): number {
  return compareDiagnostics(a.diagnostic, b.diagnostic);
}

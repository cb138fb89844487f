import {
  CLUSTER_SCOPED,
  type Diagnostic,
  displayName,
  type KubeObject,
  type ObjectMeta,
  type ObjectRef,
  type Severity,
  type SourceLocation,
} from "@sluice/model";
import type { z } from "zod";
import { compact } from "./compact.ts";
import { type FieldPath, formatFieldPath } from "./field-path.ts";
import { isName, type KindReader, type Narrowed, readerOf } from "./kinds.ts";
import { STRING_MAPS } from "./schema-basics.ts";
import type { YamlDocument } from "./yaml-document.ts";

/** The objects of one document and what there is to say about them. */
export interface NarrowedDocument {
  readonly objects: readonly KubeObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Where a document stands: the file, and the number of its lines before the text that was parsed. */
export interface Place {
  readonly file: string;
  readonly lineOffset: number;
}

/** A part of a document that should be an object. */
interface Candidate {
  readonly document: YamlDocument;
  readonly place: Place;
  /** Where in the document it stands; not empty for an item of a list. */
  readonly at: FieldPath;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly ref: ObjectRef | undefined;
  readonly report: (diagnostic: Diagnostic) => void;
}

/** Lists within lists are not a thing of Kubernetes; the bound keeps a hostile file from deep recursion. */
const MAX_LIST_DEPTH = 3;

/**
 * The Kubernetes objects of a document: one, or those of a `List` (also `IngressList` and alike). What cannot be
 * used is left out and reported with its place. A bad element of a list within an object is left out alone.
 */
export function narrowDocument(document: YamlDocument, place: Place): NarrowedDocument {
  const objects: KubeObject[] = [];
  const diagnostics: Diagnostic[] = [];
  collect(document, place, [], document.value, objects, (diagnostic) => diagnostics.push(diagnostic));
  return { objects, diagnostics };
}

function collect(
  document: YamlDocument,
  place: Place,
  at: FieldPath,
  raw: unknown,
  objects: KubeObject[],
  report: (diagnostic: Diagnostic) => void,
): void {
  if (!isRecord(raw)) {
    const location = locate(document, place, at);
    const message = "A document must be a Kubernetes object, a map with apiVersion, kind and metadata.";
    report({ code: "object-invalid", severity: "error", message, location });
    return;
  }
  const { kind, items } = raw;
  if (
    typeof kind === "string" &&
    kind.endsWith("List") &&
    Array.isArray(items) &&
    at.length < MAX_LIST_DEPTH * 2
  ) {
    for (const [index, item] of items.entries()) {
      const typed = withItemType(raw, kind, item);
      collect(document, place, [...at, "items", index], typed, objects, report);
    }
    return;
  }
  if (kind === "List" && (items === undefined || items === null)) return;
  const object = narrowObject({ document, place, at, raw, ref: undefined, report });
  if (object) objects.push(object);
}

/** Items of a typed list (`IngressList`) may leave out their apiVersion and kind. */
function withItemType(list: Readonly<Record<string, unknown>>, listKind: string, item: unknown): unknown {
  if (!isRecord(item) || listKind === "List" || item.kind !== undefined) return item;
  return { ...item, apiVersion: item.apiVersion ?? list.apiVersion, kind: listKind.slice(0, -"List".length) };
}

function narrowObject(candidate: Candidate): KubeObject | undefined {
  const { raw } = candidate;
  const { apiVersion, kind } = raw;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    const field = typeof kind === "string" ? "apiVersion" : "kind";
    say(
      candidate,
      "error",
      [field],
      `${field} ${raw[field] === undefined ? "is missing" : "must be a text"}.`,
    );
    return undefined;
  }
  const reader = readerOf(apiVersion, kind);
  if (reader === undefined) {
    const message = `The kind ${kind} of ${apiVersion} is not one that Sluice reads; the object is skipped.`;
    const location = locate(candidate.document, candidate.place, candidate.at);
    candidate.report({ code: "kind-unknown", severity: "info", message, value: kind, location });
    return undefined;
  }
  const known = { ...candidate, ref: refOf(reader, raw) };
  stringifyScalars(known);
  const narrowed = parseDropping(known, reader.schema);
  if (narrowed === undefined) return undefined;
  if (reader.replacedBy !== undefined) {
    const message = `${apiVersion} is not served by Kubernetes any more; the object is read as ${reader.replacedBy}.`;
    say(known, "info", ["apiVersion"], message, { code: "object-outdated", expected: reader.replacedBy });
  }
  return toModel(narrowed, locate(known.document, known.place, known.at));
}

function toModel({ metadata, body }: Narrowed, location: SourceLocation): KubeObject {
  const namespace = CLUSTER_SCOPED.has(body.kind) ? "" : (metadata.namespace ?? "default");
  const meta: ObjectMeta = compact({ ...metadata, namespace });
  return { ...body, metadata: meta, location };
}

function refOf(reader: KindReader, raw: Readonly<Record<string, unknown>>): ObjectRef | undefined {
  const meta = isRecord(raw.metadata) ? raw.metadata : {};
  if (!isName(meta.name)) return undefined;
  const namespace = CLUSTER_SCOPED.has(reader.kind) ? "" : (meta.namespace ?? "default");
  return namespace === "" || isName(namespace)
    ? { kind: reader.kind, namespace, name: meta.name }
    : undefined;
}

/** Plain scalars that YAML 1.1, which Kubernetes' own tools read, takes for booleans and YAML 1.2 for text. */
const OLD_BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/;

/** Replaces numbers and booleans in maps of text by their text as written: it is plain what was meant. */
function stringifyScalars(candidate: Candidate): void {
  for (const path of STRING_MAPS) {
    const map = valueAt(candidate.raw, path);
    if (!isRecord(map)) continue;
    for (const [key, value] of Object.entries(map)) {
      const field = [...path, key];
      const inDocument = [...candidate.at, ...field];
      if (value === null) map[key] = "";
      else if (typeof value === "number" || typeof value === "boolean") {
        map[key] = candidate.document.source(inDocument) ?? String(value);
      } else if (!isOldBoolean(candidate.document, inDocument, value)) continue;
      if (value !== null) warnOfScalar(candidate, field, map[key]);
    }
  }
}

function isOldBoolean(document: YamlDocument, path: FieldPath, value: unknown): boolean {
  return typeof value === "string" && OLD_BOOLEAN.test(value) && document.isPlain(path);
}

function warnOfScalar(candidate: Candidate, field: FieldPath, value: unknown): void {
  const message = `${formatFieldPath(field)} is not a text; it is taken as one, but Kubernetes would refuse the object.`;
  const hint = "Put the value in quotes.";
  const shown = candidate.ref?.kind === "Secret" ? {} : { value: String(value) };
  say(candidate, "warning", field, message, { ...shown, expected: "a text", hint });
}

/**
 * Parses, and as long as only elements of lists are to blame, takes those out and parses again. A field that is
 * wrong outside of a list makes the whole object invalid. Each finding is reported once.
 */
function parseDropping(candidate: Candidate, schema: z.ZodType<Narrowed>): Narrowed | undefined {
  for (;;) {
    const result = schema.safeParse(candidate.raw);
    if (result.success) return result.data;
    let fatal = false;
    for (const issue of result.error.issues) {
      const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
      const element = path.findLastIndex((part) => typeof part === "number");
      reportIssue(candidate, issue, path, element !== -1);
      fatal = !takeOut(candidate.raw, path.slice(0, element + 1)) || fatal;
    }
    if (fatal) return undefined;
  }
}

/**
 * The element becomes `undefined`, which the schemas of lists skip; its neighbours keep their positions. False if the
 * path does not end in a list.
 */
function takeOut(raw: unknown, path: FieldPath): boolean {
  const parent = valueAt(raw, path.slice(0, -1));
  const index = path.at(-1);
  if (!Array.isArray(parent) || typeof index !== "number") return false;
  parent[index] = undefined;
  return true;
}

function reportIssue(candidate: Candidate, issue: z.core.$ZodIssue, path: FieldPath, dropped: boolean): void {
  const value = valueAt(candidate.raw, path);
  const expected = expectation(issue);
  const problem = value === undefined || value === null ? "is missing" : `must be ${expected}`;
  const effect = dropped ? "that element of the list is left out" : "the object is not in force";
  const shown =
    candidate.ref?.kind === "Secret" || !isScalarValue(value) ? {} : { value: String(value).slice(0, 100) };
  say(candidate, "error", path, `${formatFieldPath(path)} ${problem}; ${effect}.`, { ...shown, expected });
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  array: "a list",
  object: "a map",
  record: "a map",
  boolean: "true or false",
};

/** What was expected, as a noun: our schemas say so in their messages, the library's own are put into words. */
function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input"))
    return WORDS[issue.expected] ?? issue.expected;
  return issue.message;
}

function say(
  candidate: Candidate,
  severity: Severity,
  field: FieldPath,
  sentence: string,
  more: Partial<Diagnostic> = {},
): void {
  const { ref, document, place, at } = candidate;
  const subject = ref ? `${ref.kind} ${displayName(ref)}` : subjectOf(candidate.raw);
  candidate.report({
    code: "object-invalid",
    severity,
    ...(ref ? { origin: { object: ref, field: formatFieldPath(field) } } : {}),
    key: formatFieldPath(field),
    message: `${subject}: ${sentence}`,
    ...more,
    location: locate(document, place, [...at, ...field]),
  });
}

function subjectOf(raw: Readonly<Record<string, unknown>>): string {
  const name = valueAt(raw, ["metadata", "name"]);
  const kind = typeof raw.kind === "string" ? raw.kind : "Object";
  return typeof name === "string"
    ? `${kind} ${JSON.stringify(name.slice(0, 100))}`
    : `${kind} without a name`;
}

function locate(document: YamlDocument, place: Place, path: FieldPath): SourceLocation {
  const { line, column } = document.position(path);
  return { file: place.file, line: line + place.lineOffset, column };
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const part of path) {
    if (Array.isArray(at)) at = typeof part === "number" ? at[part] : undefined;
    else if (isRecord(at) && Object.hasOwn(at, part)) at = at[part];
    else return undefined;
  }
  return at;
}

function isScalarValue(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import {
  type Candidate,
  type FieldPath,
  formatFieldPath,
  isRawObject,
  narrowObject,
  type RawObject,
  STRING_MAPS,
  valueAt,
} from "@sluice/kubernetes-objects";
import type { Diagnostic, KubeObject, SourceLocation } from "@sluice/model";
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

/** A part of a document that should be an object, or a list of them. */
interface Part {
  readonly document: YamlDocument;
  readonly place: Place;
  /** Where in the document it stands; not empty for an item of a list. */
  readonly at: FieldPath;
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
  collect({ document, place, at: [] }, document.value, objects, (diagnostic) => diagnostics.push(diagnostic));
  return { objects, diagnostics };
}

function collect(
  part: Part,
  raw: unknown,
  objects: KubeObject[],
  report: (diagnostic: Diagnostic) => void,
): void {
  if (!isRawObject(raw)) {
    const message = "A document must be a Kubernetes object, a map with apiVersion, kind and metadata.";
    report({ code: "object-invalid", severity: "error", message, location: locate(part, []) });
    return;
  }
  const { kind, items } = raw;
  if (
    typeof kind === "string" &&
    kind.endsWith("List") &&
    Array.isArray(items) &&
    part.at.length < MAX_LIST_DEPTH * 2
  ) {
    for (const [index, item] of items.entries()) {
      const typed = withItemType(raw, kind, item);
      collect({ ...part, at: [...part.at, "items", index] }, typed, objects, report);
    }
    return;
  }
  if (kind === "List" && (items === undefined || items === null)) return;
  const object = narrowObject(raw, {
    report: ({ path, diagnostic }) => report({ ...diagnostic, location: locate(part, path) }),
    prepare: (candidate) => stringifyScalars(candidate, part),
  });
  if (object) objects.push({ ...object, location: locate(part, []) });
}

/** Items of a typed list (`IngressList`) may leave out their apiVersion and kind. */
function withItemType(list: RawObject, listKind: string, item: unknown): unknown {
  if (!isRawObject(item) || listKind === "List" || item.kind !== undefined) return item;
  return { ...item, apiVersion: item.apiVersion ?? list.apiVersion, kind: listKind.slice(0, -"List".length) };
}

/** Plain scalars that YAML 1.1, which Kubernetes' own tools read, takes for booleans and YAML 1.2 for text. */
const OLD_BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/;

/** Replaces numbers and booleans in maps of text by their text as written: it is plain what was meant. */
function stringifyScalars(candidate: Candidate, { document, at }: Part): void {
  for (const path of STRING_MAPS) {
    const map = valueAt(candidate.raw, path);
    if (!isRawObject(map)) continue;
    for (const [key, value] of Object.entries(map)) {
      const field = [...path, key];
      const inDocument = [...at, ...field];
      if (value === null) map[key] = "";
      else if (typeof value === "number" || typeof value === "boolean") {
        map[key] = document.source(inDocument) ?? String(value);
      } else if (!isOldBoolean(document, inDocument, value)) continue;
      if (value !== null) warnOfScalar(candidate, field, map[key]);
    }
  }
}

function isOldBoolean(document: YamlDocument, path: FieldPath, value: unknown): boolean {
  return typeof value === "string" && OLD_BOOLEAN.test(value) && document.isPlain(path);
}

function warnOfScalar({ ref, say }: Candidate, field: FieldPath, value: unknown): void {
  const message = `${formatFieldPath(field)} is not a text; it is taken as one, but Kubernetes would refuse the object.`;
  const hint = "Put the value in quotes.";
  const shown = ref?.kind === "Secret" ? {} : { value: String(value) };
  say("warning", field, message, { ...shown, expected: "a text", hint });
}

function locate({ document, place, at }: Part, path: FieldPath): SourceLocation {
  const { line, column } = document.position([...at, ...path]);
  return { file: place.file, line: line + place.lineOffset, column };
}

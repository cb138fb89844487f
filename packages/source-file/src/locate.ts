import { type FieldPath, parseFieldPath } from "@sluice/kubernetes-objects";
import type { KubeObject, SourceLocation } from "@sluice/model";
import { readText } from "./read-text.ts";
import { type Chunk, splitDocuments } from "./split-documents.ts";
import { parseYaml, type YamlDocument } from "./yaml-document.ts";

/** Gives the text of a file, or nothing if it cannot be had. */
export type TextOf = (file: string) => string | undefined;

/**
 * Where a field of an object (`spec.rules[0].host`, `metadata.annotations["KEY"]`) stands in its file; the nearest enclosing
 * field if the file does not have it, and nothing if the object comes from no file. The file is read and the document is
 * parsed for this, so it is for reports. If the file has changed meanwhile, the place of the object is the answer.
 * For standard input give `textOf`.
 */
export function locate(
  object: KubeObject,
  fieldPath: string,
  textOf: TextOf = readFrom,
): SourceLocation | undefined {
  const { location } = object;
  if (location === undefined) return undefined;
  const text = textOf(location.file);
  if (text === undefined) return location;
  const chunk = documentsOf(text).findLast((one) => one.lineOffset < location.line);
  if (chunk === undefined) return location;
  for (const document of parseYaml(chunk.text).documents) {
    for (const root of roots(document)) {
      const start = document.position(root);
      if (start.line + chunk.lineOffset !== location.line || start.column !== location.column) continue;
      const { line, column } = document.position([...root, ...parseFieldPath(fieldPath)]);
      return { file: location.file, line: line + chunk.lineOffset, column };
    }
  }
  return location;
}

// Reports ask about one file many times in a row.
let last: { readonly text: string; readonly chunks: readonly Chunk[] } | undefined;

function documentsOf(text: string): readonly Chunk[] {
  if (last?.text !== text) last = { text, chunks: splitDocuments(text) };
  return last.chunks;
}

function readFrom(file: string): string | undefined {
  const result = readText(file);
  return "text" in result ? result.text : undefined;
}

/** The places in a document where an object can start: itself, and items of lists. */
function roots(document: YamlDocument): FieldPath[] {
  const found: FieldPath[] = [];
  const visit = (value: unknown, path: FieldPath): void => {
    const items = typeof value === "object" && value !== null && "items" in value ? value.items : undefined;
    if (Array.isArray(items))
      for (const [index, item] of items.entries()) visit(item, [...path, "items", index]);
    else found.push(path);
  };
  visit(document.value, []);
  return found;
}

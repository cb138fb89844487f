import type { Diagnostic, KubeObject, SourceLocation } from "@sluice/model";
import { type NarrowedDocument, narrowDocument } from "./narrow.ts";
import { type Chunk, splitDocuments } from "./split-documents.ts";
import { parseYaml } from "./yaml-document.ts";

/** What is in a file. Kept to parse its next version: documents that did not change are not parsed again. */
export interface Manifest {
  readonly objects: readonly KubeObject[];
  readonly diagnostics: readonly Diagnostic[];
  /** Whether all of it could be parsed; if not, `objects` is empty. */
  readonly valid: boolean;
  readonly chunks: ReadonlyMap<string, ParsedChunk>;
}

interface ParsedChunk extends NarrowedDocument {
  readonly lineOffset: number;
  readonly valid: boolean;
}

/**
 * The objects of a file's text. Never throws. Objects of documents equal to ones in `previous` are taken over: the
 * same value if they stand at the same line, else a copy that differs in `location` alone.
 */
export function parseManifest(file: string, text: string, previous?: Manifest): Manifest {
  const chunks = new Map<string, ParsedChunk>();
  const parts = splitDocuments(text).map((chunk) => {
    const known = chunks.get(chunk.text) ?? previous?.chunks.get(chunk.text);
    const parsed = known ? moved(known, chunk.lineOffset) : parseChunk(file, chunk);
    chunks.set(chunk.text, parsed);
    return parsed;
  });
  const valid = parts.every((part) => part.valid);
  return {
    objects: valid ? parts.flatMap((part) => part.objects) : [],
    diagnostics: parts.filter((part) => valid || !part.valid).flatMap((part) => part.diagnostics),
    valid,
    chunks,
  };
}

function parseChunk(file: string, chunk: Chunk): ParsedChunk {
  const { lineOffset } = chunk;
  const { documents, errors } = parseYaml(chunk.text);
  const syntax = errors.map(
    (error): Diagnostic => ({
      code: "file-syntax",
      severity: "error",
      message: `${file} is not valid YAML: ${error.message}`,
      hint: "Until it is mended, the last good objects of the file stay in force.",
      location: { file, line: error.line + lineOffset, column: error.column },
    }),
  );
  if (syntax.length > 0) return { objects: [], diagnostics: syntax, lineOffset, valid: false };
  const narrowed = documents.map((document) => narrowDocument(document, { file, lineOffset }));
  return {
    objects: narrowed.flatMap((one) => one.objects),
    diagnostics: narrowed.flatMap((one) => one.diagnostics),
    lineOffset,
    valid: true,
  };
}

function moved(chunk: ParsedChunk, lineOffset: number): ParsedChunk {
  const by = lineOffset - chunk.lineOffset;
  if (by === 0) return chunk;
  return {
    ...chunk,
    lineOffset,
    objects: chunk.objects.map((object) => shift(object, by)),
    diagnostics: chunk.diagnostics.map((diagnostic) => shift(diagnostic, by)),
  };
}

function shift<T extends { readonly location?: SourceLocation }>(one: T, by: number): T {
  if (one.location === undefined) return one;
  return { ...one, location: { ...one.location, line: one.location.line + by } };
}

import type { FieldPath } from "@sluice/kubernetes-objects";
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from "yaml";

/** A place in a text, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a text, and where. */
export interface SyntaxFinding extends Position {
  readonly message: string;
}

/** One parsed document: plain data, and where in the text each part of it stands. */
export interface YamlDocument {
  readonly value: unknown;
  /** Where the field starts (of a map entry, its key); the nearest enclosing field that exists if it does not. */
  position(path: FieldPath): Position;
  /** The text of a scalar as written (`1.0`, `yes`), if the field is one. */
  source(path: FieldPath): string | undefined;
  /** Whether the scalar is written without quotes. */
  isPlain(path: FieldPath): boolean;
}

export interface ParsedYaml {
  readonly documents: readonly YamlDocument[];
  readonly errors: readonly SyntaxFinding[];
}

/** Aliases may blow a document up by this factor at most; Kubernetes manifests hardly use them. */
const MAX_ALIASES = 1_000;

/** One mistake may bring forth thousands of errors; the first ones tell what is wrong. */
const MAX_ERRORS = 10;

/**
 * Parses YAML 1.2 (of which JSON is a part), with merge keys. Never throws. With any error there are no documents;
 * the first ten errors are told, and without quoting the text if it may hold a Secret. Empty documents are left out.
 */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  try {
    // Duplicate keys are looked for by `misuses`: the library compares each key with each other one of its map.
    const options = {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      uniqueKeys: false,
      logLevel: "silent",
    } as const;
    const parsed: readonly Document.Parsed[] = Array.from(parseAllDocuments(text, options));
    const errors = parsed.flatMap((document) => [
      ...document.errors.map((error) => ({
        message: sentence(error.message),
        ...place(lines, error.pos[0]),
      })),
      ...misuses(document, lines),
    ]);
    if (errors.length > 0) return { documents: [], errors: errors.slice(0, MAX_ERRORS).map(discreet(text)) };
    const documents = parsed.filter((document) => !isEmpty(document));
    return { documents: documents.map((document) => toDocument(document, lines)), errors: [] };
  } catch (error) {
    return { documents: [], errors: [{ message: failure(error), line: 1, column: 1 }].map(discreet(text)) };
  }
}

/**
 * Without the words of a text that speaks of Secrets: a password that starts with `*` is an alias to a parser, one that
 * starts with `|` the header of a block. Messages quote the text between quotation marks, after a colon or a backslash.
 */
function discreet(text: string): (finding: SyntaxFinding) => SyntaxFinding {
  if (!text.includes("Secret")) return (finding) => finding;
  const withoutWords = (message: string): string =>
    message.replace(/"(?:[^"\\]|\\.)*"/g, "…").replace(/\s*[:"\\].*$/s, " ….");
  return (finding) => ({ ...finding, message: withoutWords(finding.message) });
}

function failure(error: unknown): string {
  return sentence(error instanceof Error ? error.message : String(error));
}

function sentence(message: string): string {
  const text = message.trim();
  // The parser recurses; how deep it can is up to the engine.
  if (text.includes("call stack")) return "The document is nested too deeply.";
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function isEmpty(document: Document.Parsed): boolean {
  const { contents } = document;
  return (
    contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? "") === "")
  );
}

function place(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** What the library finds late or at great cost: aliases without an anchor before them, and duplicate keys. */
function misuses(document: Document.Parsed, lines: LineCounter): SyntaxFinding[] {
  const found: SyntaxFinding[] = [];
  const anchors = new Set<string>();
  visit(document, {
    Alias(_key, alias) {
      if (anchors.has(alias.source)) return;
      const message = `The alias ${JSON.stringify(alias.source)} has no anchor before it.`;
      found.push({ message, ...place(lines, alias.range?.[0] ?? 0) });
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      if (isMap(node)) found.push(...duplicateKeys(node, lines));
    },
  });
  return found;
}

function duplicateKeys(map: YAMLMap, lines: LineCounter): SyntaxFinding[] {
  const found: SyntaxFinding[] = [];
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key) || key.value === "<<") continue;
    if (seen.has(key.value)) {
      const message = `The key ${JSON.stringify(key.value)} is there twice.`;
      found.push({ message, ...place(lines, key.range?.[0] ?? 0) });
    }
    seen.add(key.value);
  }
  return found;
}

function toDocument(document: Document.Parsed, lines: LineCounter): YamlDocument {
  const scalar = (path: FieldPath): Node | undefined => {
    const node = find(document.contents, path);
    return node.complete ? node.value : undefined;
  };
  return {
    value: document.toJS({ maxAliasCount: MAX_ALIASES }),
    position(path) {
      return place(lines, find(document.contents, path).offset);
    },
    source(path) {
      const node = scalar(path);
      return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
    },
    isPlain(path) {
      const node = scalar(path);
      return isScalar(node) && node.type === "PLAIN";
    },
  };
}

interface Found {
  readonly offset: number;
  readonly value: Node | undefined;
  /** False if the path leads further than the document does. */
  readonly complete: boolean;
}

/** Follows the path as far as it goes. Aliases and merged keys end it, at the place that uses them. */
function find(root: Node | null, path: FieldPath): Found {
  let value: Node | undefined = root ?? undefined;
  let offset = start(value) ?? 0;
  for (const part of path) {
    if (isMap(value)) {
      const pair = value.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return { offset, value, complete: false };
      offset = start(pair.key) ?? offset;
      value = isNode(pair.value) ? pair.value : undefined;
    } else if (isSeq(value) && typeof part === "number") {
      const item: unknown = value.items[part];
      if (!isNode(item)) return { offset, value, complete: false };
      value = item;
      offset = start(value) ?? offset;
    } else return { offset, value, complete: false };
  }
  return { offset, value, complete: true };
}

function start(node: unknown): number | undefined {
  return isNode(node) ? (node.range?.[0] ?? undefined) : undefined;
}

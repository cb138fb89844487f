/** A piece of one line: 1-based, the end exclusive. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** Where a field starts, and whether it is an item of a list. */
export interface FieldStart {
  readonly line: number;
  readonly column: number;
  readonly isItem: boolean;
}

/**
 * Finds the text of a value in a field of a YAML file: on the field's own line behind its key, or on the lines below
 * that belong to it. Only text that stands for itself counts, between quotes, blanks and punctuation: `/` is not found
 * in `/foo`. Undefined if it is written in another way (escaped, folded).
 */
export function findValue(lines: readonly string[], start: FieldStart, value: string): Span | undefined {
  if (value === "" || value.includes("\n")) return undefined;
  for (let number = start.line; number <= lines.length; number++) {
    const text = lines[number - 1] ?? "";
    if (number > start.line && isBeyond(text, start)) return undefined;
    const from = number > start.line ? 0 : start.isItem ? start.column - 1 : behindKey(text, start.column);
    const at = standingAlone(text, value, from);
    if (at !== undefined) return { line: number, column: at + 1, endColumn: at + 1 + value.length };
  }
  return undefined;
}

/** The key at a column: what there is to point at when its value cannot be shown. */
export function keySpan(lines: readonly string[], line: number, column: number): Span {
  const text = lines[line - 1] ?? "";
  const key = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s:]+(?::[^\s:]+)*)/.exec(text.slice(column - 1));
  return { line, column, endColumn: column + Math.max(1, key?.[0].length ?? 1) };
}

/** Whether a line below the start belongs to something else. */
function isBeyond(text: string, { column, isItem }: FieldStart): boolean {
  if (text.trim() === "") return false;
  const indent = text.length - text.trimStart().length;
  if (indent < column - 1) return true;
  // Other keys of an item are its own; those beside a key are not, but a list may start below its key.
  return indent === column - 1 && !isItem && !text.trimStart().startsWith("- ");
}

function behindKey(text: string, column: number): number {
  return keySpan([text], 1, column).endColumn - 1;
}

function standingAlone(text: string, value: string, from: number): number | undefined {
  for (let at = text.indexOf(value, from); at !== -1; at = text.indexOf(value, at + 1))
    if (isEdge(text[at - 1]) && isEdge(text[at + value.length])) return at;
  return undefined;
}

function isEdge(char: string | undefined): boolean {
  return char === undefined || /[\s"'`,:;()[\]{}=|]/.test(char);
}

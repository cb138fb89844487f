/** A part of a file that holds one YAML document, and the number of lines before it. */
export interface Chunk {
  readonly text: string;
  readonly lineOffset: number;
}

const SEPARATOR = /^---(?=[ \t\r\n]|$)/gm;

/**
 * Splits a file at its document separators, so that each document can be parsed, cached and reused alone.
 * YAML forbids a line that starts with `---` and white space inside of any scalar (production `c-forbidden`),
 * so splitting by lines is exact. A file with directives or explicit document ends stays whole, since those reach
 * across the separator.
 */
export function splitDocuments(text: string): Chunk[] {
  if (/^(?:%|\.\.\.(?=[ \t\r\n]|$))/m.test(text)) return [{ text, lineOffset: 0 }];
  const chunks: Chunk[] = [];
  let start = 0;
  let line = 0;
  const push = (end: number): void => {
    const chunk = text.slice(start, end);
    chunks.push({ text: chunk, lineOffset: line });
    line += countLines(chunk);
    start = end;
  };
  for (const match of text.matchAll(SEPARATOR)) if (match.index > start) push(match.index);
  push(text.length);
  return chunks.filter((chunk) => chunk.text.trim() !== "" && chunk.text.trim() !== "---");
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

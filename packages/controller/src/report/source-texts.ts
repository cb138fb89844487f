import { readFileSync } from "node:fs";
import { STDIN } from "@sluice/source-file";

/** The files behind a report, each read once. */
export interface SourceTexts {
  /** Undefined if the file cannot be read (any more). */
  textOf(file: string): string | undefined;
  /** Without line ends. */
  linesOf(file: string): readonly string[];
  /** A line (1-based) to be shown; undefined if there is none, or if it stands in a document that holds a Secret. */
  shownLine(file: string, line: number): string | undefined;
}

/** `stdin` is what standard input held. */
export function createSourceTexts(stdin: string | undefined): SourceTexts {
  const texts = new Map<string, string | undefined>();
  const lines = new Map<string, readonly string[]>();
  const textOf = (file: string): string | undefined => {
    if (file === STDIN) return stdin;
    if (!texts.has(file)) texts.set(file, read(file));
    return texts.get(file);
  };
  const linesOf = (file: string): readonly string[] => {
    const known = lines.get(file);
    if (known !== undefined) return known;
    const split = (textOf(file) ?? "").split(/\r\n|\n|\r/);
    lines.set(file, split);
    return split;
  };
  return {
    textOf,
    linesOf,
    shownLine(file, line) {
      const all = linesOf(file);
      return holdsSecret(all, line) ? undefined : all[line - 1];
    },
  };
}

/** Goes by the text alone, since a report may be about a document that cannot be parsed. */
function holdsSecret(lines: readonly string[], line: number): boolean {
  let start = line - 1;
  while (start > 0 && !isSeparator(lines[start])) start--;
  for (let at = start; at < lines.length && (at < line || !isSeparator(lines[at])); at++)
    if (/\bkind["']?\s*:\s*["']?Secret\b/.test(lines[at] ?? "")) return true;
  return false;
}

function isSeparator(line: string | undefined): boolean {
  return line !== undefined && /^---(?:\s|$)/.test(line);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

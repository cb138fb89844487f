import type { Style } from "@sluice/explain";
import { type Diagnostic, displayName, type Severity } from "@sluice/model";
import { STDIN } from "@sluice/source-file";
import { printable } from "../terminal/printable.ts";
import type { Finding, Place } from "./findings.ts";
import type { SourceTexts } from "./source-texts.ts";

/** Columns of source that are shown; of longer lines the part around the place. */
const MAX_SOURCE = 120;

/** Findings for people: grouped by file, each with its line and a mark under what it is about. */
export function renderFindings(findings: readonly Finding[], texts: SourceTexts, style: Style): string {
  const blocks: string[] = [];
  let file: string | undefined;
  for (const finding of findings) {
    const name = finding.place?.file;
    if (blocks.length === 0 || name !== file) blocks.push(style.bold(fileTitle(name)));
    file = name;
    blocks.push(renderFinding(finding, texts, style));
  }
  return blocks.map((block) => `${block}\n`).join("\n");
}

/** Standard input has a name only for us. */
export function fileTitle(file: string | undefined): string {
  if (file === undefined) return "(in no file)";
  return file === STDIN ? "(standard input)" : printable(file);
}

function renderFinding({ diagnostic, place }: Finding, texts: SourceTexts, style: Style): string {
  const { severity, code, message, origin } = diagnostic;
  const where = place === undefined ? "" : `${place.line}:${place.column} `;
  const object = origin === undefined ? "" : `${origin.object.kind} ${displayName(origin.object)}  `;
  return [
    `  ${where}${mark(severity, style)} ${style.dim(printable(`${object}[${code}]`))}`,
    `    ${printable(message)}`,
    ...(place === undefined ? [] : sourceLines(place, severity, texts, style)),
    ...advice(diagnostic, style),
  ].join("\n");
}

function mark(severity: Severity, style: Style): string {
  return paint(severity, style)(severity === "info" ? "note" : severity);
}

function paint(severity: Severity, style: Style): (text: string) => string {
  if (severity === "error") return style.bad;
  return severity === "warning" ? style.warn : style.good;
}

function sourceLines(place: Place, severity: Severity, texts: SourceTexts, style: Style): string[] {
  const line = texts.shownLine(place.file, place.line);
  if (line === undefined || line.trim() === "") return [];
  const from = line.length <= MAX_SOURCE ? 0 : Math.max(0, place.column - 1 - MAX_SOURCE / 2);
  const shown = line.slice(from, from + MAX_SOURCE);
  const start = place.column - 1 - from;
  const length = Math.max(1, Math.min(place.endColumn - place.column, shown.length - start));
  const gutter = `${place.line}`;
  const blank = " ".repeat(gutter.length);
  return [
    `    ${style.dim(`${blank} |`)}`,
    `    ${style.dim(`${gutter} |`)} ${printable(shown)}`,
    `    ${style.dim(`${blank} |`)} ${" ".repeat(start)}${paint(severity, style)("^".repeat(length))}`,
  ];
}

function advice({ expected, hint }: Diagnostic, style: Style): string[] {
  return [
    ...(expected === undefined ? [] : [`    ${style.dim("expected:")} ${printable(expected)}`]),
    ...(hint === undefined ? [] : [`    ${style.dim("hint:")} ${printable(hint)}`]),
  ];
}

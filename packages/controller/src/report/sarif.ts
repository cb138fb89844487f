import { isAbsolute, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { DIAGNOSTIC_CODES, displayName, type Severity } from "@sluice/model";
import { STDIN } from "@sluice/source-file";
import type { Finding, Place } from "./findings.ts";
import type { SourceTexts } from "./source-texts.ts";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/**
 * Findings as a SARIF 2.1.0 log, for code scanning services and editors. Every code is a rule, whether or not it was
 * found. Specification: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
 */
export function sarifLog(findings: readonly Finding[], texts: SourceTexts): object {
  const rules = Object.entries(DIAGNOSTIC_CODES).map(([id, text]) => ({ id, shortDescription: { text } }));
  const index = new Map(rules.map(({ id }, at) => [id, at]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "sluice", rules } },
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => result(finding, index.get(finding.diagnostic.code) ?? -1, texts)),
      },
    ],
  };
}

function result({ diagnostic, place }: Finding, ruleIndex: number, texts: SourceTexts): object {
  const { code, severity, message, origin, key, value, expected, hint } = diagnostic;
  const logical = origin && {
    name: displayName(origin.object),
    fullyQualifiedName: `${origin.object.kind}/${displayName(origin.object)}${origin.field === undefined ? "" : `/${origin.field}`}`,
    kind: "object",
  };
  const text = [
    message,
    ...(expected === undefined ? [] : [`Expected: ${expected}.`]),
    ...(hint === undefined ? [] : [hint]),
  ].join(" ");
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text },
    locations: [
      {
        ...(place && { physicalLocation: physicalLocation(place, texts) }),
        ...(logical && { logicalLocations: [logical] }),
      },
    ],
    properties: {
      ...(key !== undefined && { key }),
      ...(value !== undefined && { value }),
      ...(expected !== undefined && { expected }),
    },
  };
}

function physicalLocation(place: Place, texts: SourceTexts): object {
  const line = texts.shownLine(place.file, place.line);
  return {
    artifactLocation: { uri: uriOf(place.file) },
    region: {
      startLine: place.line,
      startColumn: place.column,
      endColumn: place.endColumn,
      ...(line !== undefined && { snippet: { text: line } }),
    },
  };
}

/** Relative names stay relative, which is what services that know the checkout expect. */
function uriOf(file: string): string {
  if (file === STDIN) return "stdin";
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file.split(sep).map(encodeURIComponent).join("/");
}

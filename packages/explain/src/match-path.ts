import type { PathMatch } from "@sluice/model";
import { foldCase, matchesRegex } from "./bytes.ts";

/** Undefined when the path matches, else the fact that decides, as the end of a sentence. `path` is normalised. */
export function pathMismatch(match: PathMatch, path: string): string | undefined {
  if (match.kind === "regex") return regexMismatch(match, path);
  // Escapes are one in either case.
  const fold = (text: string): string => foldEscapes(match.ignoreCase ? foldCase(text) : text);
  const [wanted, has] = [fold(match.value), fold(path)];
  const aside = match.ignoreCase ? ", without case" : "";
  if (match.kind === "exact")
    // Two slashes are what Envoy leaves of a path that is nothing but slashes.
    return has === wanted || (wanted === "/" && has === "//")
      ? undefined
      : `path ${match.value} is not ${path}${aside}`;
  if (wanted === "/" || has === wanted || has.startsWith(`${wanted}/`)) return undefined;
  return has.startsWith(wanted)
    ? `path ${match.value} ends within an element of ${path}${aside}`
    : `path ${match.value} is not a prefix of ${path}${aside}`;
}

function foldEscapes(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}/g, (byte) => byte.toUpperCase());
}

function regexMismatch(match: PathMatch & { kind: "regex" }, path: string): string | undefined {
  const matched = matchesRegex(match.value, path, match.whole ? "whole" : "start", match.ignoreCase);
  if (matched) return undefined;
  if (matched === undefined) return `pattern ${match.value} is not RE2, so it matches nothing`;
  return `pattern ${match.value} does not match ${match.whole ? "the whole of" : "the start of"} ${path}`;
}

/** `exact /foo`, `prefix /foo`, `pattern /foo.*`. */
export function pathWords(match: PathMatch): string {
  const flags = [
    ...(match.ignoreCase ? ["without case"] : []),
    ...(match.kind === "regex" && match.whole ? ["whole path"] : []),
  ];
  const kind = match.kind === "regex" ? "pattern" : match.kind;
  return `${kind} ${match.value}${flags.length === 0 ? "" : ` (${flags.join(", ")})`}`;
}

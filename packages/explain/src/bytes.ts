import { RE2JS } from "re2js";

/** The text with one character per byte of its UTF-8, which is how Envoy compares texts and runs RE2 (measured on 1.40). */
export function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** ASCII letters only, as Envoy folds case. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Where a pattern has to match: the whole text, its start, or anywhere. */
export type RegexPlace = "whole" | "start" | "anywhere";

/**
 * Whether an RE2 pattern matches; undefined if it is not RE2. Users' patterns run here only and never in `RegExp`,
 * which has another syntax and may not end.
 */
export function matchesRegex(
  pattern: string,
  text: string,
  place: RegexPlace,
  ignoreCase = false,
): boolean | undefined {
  try {
    const compiled = RE2JS.compile(asBytes(pattern), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    const matcher = compiled.matcher(asBytes(text));
    if (place === "whole") return matcher.matches();
    return place === "start" ? matcher.lookingAt() : matcher.find();
  } catch {
    return undefined;
  }
}

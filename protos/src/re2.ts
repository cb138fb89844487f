import { RE2JS } from "re2js";

/** Patterns repeat from change to change; the limit bounds what a stream of distinct ones can hold. */
const REMEMBERED = 4096;
const verdicts = new Map<string, string | undefined>();

/** What is wrong with a pattern as RE2 syntax, or `undefined` when RE2 takes it. */
export function re2Problem(pattern: string): string | undefined {
  if (verdicts.has(pattern)) return verdicts.get(pattern);
  const verdict = compile(pattern);
  if (verdicts.size >= REMEMBERED) verdicts.clear();
  verdicts.set(pattern, verdict);
  return verdict;
}

/** Whether the whole text matches. The pattern is one of Envoy's own rules; a bad one throws. */
export function re2Matcher(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matches(text);
}

function compile(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "not RE2 syntax";
  }
}

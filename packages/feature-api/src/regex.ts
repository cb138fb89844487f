import { RE2JS } from "re2js";
import { bad, ok, type ValueType } from "./value-type.ts";

/** The largest RE2 program a pattern may compile to. RE2's own limit on repetitions is of the same size. */
export const MAX_REGEX_PROGRAM = 1000;

/** The longest pattern, in UTF-16 code units: its program has about as many steps, and classes take long to compile. */
export const MAX_REGEX_LENGTH = 2048;

/** What is known of a pattern that Envoy will take. */
export type RegexCheck = { readonly groups: number } | { readonly fault: string };

/**
 * Says whether a pattern is RE2 as Envoy compiles it, and how many groups it captures; else what is wrong, in
 * words. Patterns of users go through here and never into `RegExp`, which has another syntax and may not end.
 *
 * A pattern that passes stays valid, with the same groups, between `(?:` and `)`.
 */
export function checkRegex(pattern: string): RegexCheck {
  if (pattern.length > MAX_REGEX_LENGTH)
    return { fault: `the pattern is longer than ${MAX_REGEX_LENGTH} characters` };
  const foreign = beyondEnvoy(pattern);
  if (foreign !== undefined) return { fault: foreign };
  try {
    const compiled = RE2JS.compile(pattern);
    const groups = compiled.groupCount();
    if (compiled.programSize() > MAX_REGEX_PROGRAM) return { fault: "the pattern is too large" };
    // An open \Q would take the closing parenthesis with it.
    if (RE2JS.compile(`(?:${pattern})()`).groupCount() !== groups + 1) return { fault: "\\Q needs its \\E" };
    return { groups };
  } catch (error) {
    const text = error instanceof Error ? error.message : "not RE2";
    return { fault: text.replace(/^error parsing regexp: /, "") };
  }
}

/** An RE2 pattern. Lookaround and backreferences, which PCRE has, are refused. */
export const regexType: ValueType<string> = {
  expected: "a regular expression in RE2 syntax (no lookaround, no backreferences)",
  schema: { type: "string" },
  parse: (text) => {
    const check = checkRegex(text);
    return "fault" in check ? bad(`${regexType.expected}: ${check.fault}`) : ok(text);
  },
};

/** A literal as part of a pattern. */
export function quoteRegex(text: string): string {
  return RE2JS.quote(text);
}

/** Whether a path holds percent-encoded bytes, which a request may write in either case. */
export function hasEscapes(path: string): boolean {
  return /%[0-9A-Fa-f]{2}/.test(path);
}

/**
 * A literal path as part of a pattern, its escapes in either case: `%e4` and `%E4` are one byte (RFC 3986, section
 * 6.2.2.1), and Envoy leaves them as they come.
 */
export function quotePath(path: string): string {
  return path
    .split(/(%[0-9A-Fa-f]{2})/)
    .map((part, index) => (index % 2 === 0 ? quoteRegex(part) : anyCase(part)))
    .join("");
}

function anyCase(byte: string): string {
  return byte.replace(/[A-Fa-f]/g, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
}

/** Unicode classes that RE2 has in every version that Envoy was built with. */
const CLASSES = new Set(
  (
    "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs " +
    "Any Arabic Common Cyrillic Greek Han Hangul Hebrew Hiragana Katakana Latin Thai"
  ).split(" "),
);

/**
 * What re2js takes and Envoy does not. Envoy compiles patterns as Latin-1, so that an escape beyond \xFF is an
 * error there (measured on 1.40), and its tables of Unicode classes are older.
 */
function beyondEnvoy(pattern: string): string | undefined {
  if (!pattern.isWellFormed()) return "half a character";
  const escapes = /\\(?:x\{([0-9A-Fa-f]*)\}|([0-7]{3})|[pP]\{\^?([^}]*)\}|.)/gs;
  for (const [text, hex, octal, name] of pattern.matchAll(escapes)) {
    const code =
      hex !== undefined ? Number.parseInt(hex, 16) : octal !== undefined ? Number.parseInt(octal, 8) : 0;
    if (code > 0xff) return `${text} is beyond \\xFF`;
    if (name !== undefined && !CLASSES.has(name)) return `${text} is not a class that Envoy knows`;
  }
  return undefined;
}

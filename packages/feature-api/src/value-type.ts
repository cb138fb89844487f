/** A value, or what would have been right, in words that fit behind "expected". */
export type ValueResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly expected: string };

/**
 * The type of an annotation's value: a parser that never throws, and its description for documentation and
 * editors. The text it gets is trimmed and not blank.
 */
export interface ValueType<T> {
  /** In words, as "true or false". */
  readonly expected: string;
  readonly parse: (text: string) => ValueResult<T>;
  /** JSON schema of the annotation's text. */
  readonly schema: Readonly<Record<string, unknown>>;
}

export function ok<T>(value: T): ValueResult<T> {
  return { ok: true, value };
}

export function bad<T>(expected: string): ValueResult<T> {
  return { ok: false, expected };
}

const TRUE = new Set(["true", "1", "t", "T", "TRUE", "True"]);
const FALSE = new Set(["false", "0", "f", "F", "FALSE", "False"]);

/** The spellings that the annotation reference lists, which are those of Go's `strconv.ParseBool`. */
export const booleanType: ValueType<boolean> = {
  expected: '"true" or "false"',
  schema: { enum: [...TRUE, ...FALSE] },
  parse: (text) => (TRUE.has(text) ? ok(true) : FALSE.has(text) ? ok(false) : bad(booleanType.expected)),
};

/** A plain decimal without sign, unit or fraction, within limits that are part of the message. */
export function integerType(min: number, max: number, unit = ""): ValueType<number> {
  const suffix = unit === "" ? "" : ` (${unit})`;
  const expected = `a whole number from ${min} to ${max}${suffix}`;
  return {
    expected,
    schema: { type: "string", pattern: "^[0-9]+$" },
    parse: (text) => {
      if (!/^[0-9]{1,15}$/.test(text)) return bad(expected);
      const value = Number(text);
      return value < min || value > max ? bad(expected) : ok(value);
    },
  };
}

/** One of a closed set of words. Compared without case if `anyCase`; the result is the word as listed. */
export function enumType<const W extends string>(words: readonly W[], anyCase = false): ValueType<W> {
  const expected = `one of ${words.map((word) => `"${word}"`).join(", ")}`;
  const fold = (text: string): string => (anyCase ? text.toLowerCase() : text);
  const byText = new Map(words.map((word) => [fold(word), word]));
  return {
    expected,
    schema: { enum: words, ...(anyCase ? { pattern: `^(?:${words.map(caseless).join("|")})$` } : {}) },
    parse: (text) => {
      const word = byText.get(fold(text));
      return word === undefined ? bad(expected) : ok(word);
    },
  };
}

/** A pattern for a word of letters, digits and `_` in any case: schemas have no flag for that. */
function caseless(word: string): string {
  return word.replace(/[A-Za-z]/g, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}

/** Any text that passes a check. The check says what it expects, or nothing if all is well. */
export function textType(
  expected: string,
  check: (text: string) => string | undefined = () => undefined,
): ValueType<string> {
  return {
    expected,
    schema: { type: "string" },
    parse: (text) => {
      const fault = check(text);
      return fault === undefined ? ok(text) : bad(fault);
    },
  };
}

/** A list split by `separator`, items trimmed, empty ones dropped, each parsed by `item`. One bad item spoils it. */
export function listType<T>(item: ValueType<T>, separator = ","): ValueType<readonly T[]> {
  const expected = `a list separated by "${separator}" of: ${item.expected}`;
  return {
    expected,
    schema: { type: "string", ...listPattern(item.schema.pattern, separator) },
    parse: (text) => {
      const values: T[] = [];
      for (const part of text.split(separator).map((raw) => raw.trim())) {
        if (part === "") continue;
        const parsed = item.parse(part);
        if (!parsed.ok) return bad(`${parsed.expected}, in each item of the list`);
        values.push(parsed.value);
      }
      return ok(values);
    },
  };
}

/** The pattern of a list by that of its items, if they have one for the whole item. */
function listPattern(item: unknown, separator: string): { readonly pattern?: string } {
  const inner = typeof item === "string" ? /^\^(.*)\$$/s.exec(item)?.[1] : undefined;
  if (inner === undefined) return {};
  const one = `\\s*(?:${inner})?\\s*`;
  return { pattern: `^${one}(?:${separator}${one})*$` };
}

/** Any text; for values whose parts are checked one by one in a feature's `parse`, so that one bad part is reported alone. */
export const rawType: ValueType<string> = textType("text");

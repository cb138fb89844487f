import { headerNameType, isHeaderValue, type Report } from "@sluice/feature-api";

/** A header to write; the value is literal text and may be empty. */
export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** Envoy takes 1,000 headers to add per route, which add, update and the gateway's own have to share. */
export const MAX_HEADER_FIELDS = 400;

/** They say where a message ends, and with a foreign value the next one is read from the wrong byte. */
export const FRAMING_HEADERS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

const EXPECTED_LINE = '"name value" on a line';
const EXPECTED_NAME = "a header name (not Host, content-length or transfer-encoding)";

/**
 * Reads lines of `name value`, split at the first blank; one pair of quotes around either is dropped, so that
 * `x-a ""` is a header with an empty value. A line that cannot be used is reported and skipped, and the others hold.
 */
export function headerLines(key: string, text: string, report: Report): readonly HeaderField[] {
  const fields: HeaderField[] = [];
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    if (line === "") continue;
    const field = headerLine(key, line, report);
    if (field === undefined) continue;
    if (fields.length === MAX_HEADER_FIELDS) {
      report.note(key, {
        message: `${key} has more than ${MAX_HEADER_FIELDS} lines; those after them are ignored.`,
        value: line,
        expected: `at most ${MAX_HEADER_FIELDS} lines`,
      });
      break;
    }
    fields.push(field);
  }
  return fields;
}

function headerLine(key: string, line: string, report: Report): HeaderField | undefined {
  const blank = line.search(/\s/);
  if (blank < 0) {
    report.note(key, {
      message: `A line of ${key} has a name and no value and is skipped.`,
      value: line,
      expected: EXPECTED_LINE,
      hint: 'Write the value behind the name, or "" for an empty one.',
    });
    return undefined;
  }
  const name = headerNameType.parse(unquote(line.slice(0, blank)));
  const value = unquote(line.slice(blank).trim());
  if (!name.ok || FRAMING_HEADERS.has(name.value)) {
    report.bad(key, `${EXPECTED_LINE}, where the name is ${EXPECTED_NAME}`, line);
    return undefined;
  }
  if (!isHeaderValue(value)) {
    report.bad(key, `${EXPECTED_LINE}, where the value has no control characters`, line);
    return undefined;
  }
  noteGlued(key, line, value, report);
  return { name: name.value, value };
}

/**
 * Kruise Rollouts (0.6) joins several headers without a line break, as in `x-a 1x-b 2`: only the first survives, with a
 * value that nobody meant. Where it should be cut cannot be known, so the text is taken by the letter, and reported.
 */
function noteGlued(key: string, line: string, value: string, report: Report): void {
  const glued = /\S(x-[a-z0-9-]+)\s+\S/i.exec(value);
  if (glued === null) return;
  report.note(key, {
    message: `A line of ${key} looks like several headers without a line break between them; all of it is the value of the first, and ${glued[1]} is not set.`,
    value: line,
    expected: "one header a line",
    hint: 'In a Kruise Rollout, end the value of each header but the last with a line break, as in "1\\n".',
  });
}

function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}

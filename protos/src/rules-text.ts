import { isIP, isIPv4, isIPv6 } from "node:net";
import { isHeaderText } from "./header-text.ts";
import { re2Matcher } from "./re2.ts";
import { all, type Check, rule } from "./violation.ts";

type Rules = Readonly<Record<string, unknown>>;
type Test = readonly [message: string, test: (text: string) => boolean];

/** `validate.rules` of a string. Lengths are in code points, `*_bytes` in bytes of UTF-8. */
export function stringRules(rules: Rules): Check | undefined {
  const checks = Object.entries(rules).map(([name, value]) => {
    const made = stringTest(name, value, rules);
    return made && rule(`string.${name}`, made[0], (text) => made[1](typeof text === "string" ? text : ""));
  });
  return ignoringEmpty(rules, all(checks));
}

/** `validate.rules` of bytes: the lengths, which are all that Envoy uses. Throws on others. */
export function bytesRules(rules: Rules): Check | undefined {
  const checks = Object.entries(rules).map(([name, value]) => {
    const limit = Number(value);
    const size = (bytes: unknown) => (bytes instanceof Uint8Array ? bytes.length : 0);
    if (name === "min_len")
      return rule("bytes.min_len", `must have at least ${limit} bytes`, (b) => size(b) >= limit);
    if (name === "max_len")
      return rule("bytes.max_len", `must have at most ${limit} bytes`, (b) => size(b) <= limit);
    if (name === "len") return rule("bytes.len", `must have ${limit} bytes`, (b) => size(b) === limit);
    if (name === "ignore_empty") return undefined;
    throw new Error(`unknown rule bytes.${name}`);
  });
  return ignoringEmpty(rules, all(checks));
}

function stringTest(name: string, value: unknown, rules: Rules): Test | undefined {
  return lengthTest(name, Number(value)) ?? contentTest(name, value) ?? formatTest(name, value, rules);
}

function lengthTest(name: string, limit: number): Test | undefined {
  switch (name) {
    case "len":
      return [`must have ${limit} characters`, (text) => [...text].length === limit];
    case "min_len":
      // Only text that has fewer code units than the limit can do without counting code points.
      return [
        `must have at least ${limit} characters`,
        (text) => text.length >= limit && [...text].length >= limit,
      ];
    case "max_len":
      return [
        `must have at most ${limit} characters`,
        (text) => text.length <= limit || [...text].length <= limit,
      ];
    case "len_bytes":
      return [`must have ${limit} bytes`, (text) => Buffer.byteLength(text) === limit];
    case "min_bytes":
      return [`must have at least ${limit} bytes`, (text) => Buffer.byteLength(text) >= limit];
    case "max_bytes":
      return [`must have at most ${limit} bytes`, (text) => Buffer.byteLength(text) <= limit];
    default:
      return undefined;
  }
}

function contentTest(name: string, value: unknown): Test | undefined {
  const operand = String(value);
  const list = (Array.isArray(value) ? value : [value]).map(String);
  switch (name) {
    case "const":
      return [`must be ${JSON.stringify(operand)}`, (text) => text === operand];
    case "prefix":
      return [`must start with ${JSON.stringify(operand)}`, (text) => text.startsWith(operand)];
    case "suffix":
      return [`must end with ${JSON.stringify(operand)}`, (text) => text.endsWith(operand)];
    case "contains":
      return [`must contain ${JSON.stringify(operand)}`, (text) => text.includes(operand)];
    case "not_contains":
      return [`must not contain ${JSON.stringify(operand)}`, (text) => !text.includes(operand)];
    case "in":
      return [
        `must be one of ${list.map((item) => JSON.stringify(item)).join(", ")}`,
        (text) => list.includes(text),
      ];
    case "not_in":
      return [
        `must not be ${list.map((item) => JSON.stringify(item)).join(", ")}`,
        (text) => !list.includes(text),
      ];
    default:
      return undefined;
  }
}

/** Throws on a rule that is not known, so that a newer proto cannot go unchecked. */
function formatTest(name: string, value: unknown, rules: Rules): Test | undefined {
  switch (name) {
    case "pattern":
      return [`must match ${value}`, re2Matcher(String(value))];
    case "well_known_regex":
      return headerTest(String(value), rules.strict !== false);
    case "ip":
      return ["must be an IP address", (text) => isIP(text) !== 0];
    case "ipv4":
      return ["must be an IPv4 address", isIPv4];
    case "ipv6":
      return ["must be an IPv6 address", isIPv6];
    case "uri":
      return ["must be a URI", (text) => URL.canParse(text)];
    case "strict":
    case "ignore_empty":
      return undefined;
    default:
      throw new Error(`unknown rule string.${name}`);
  }
}

function headerTest(kind: string, strict: boolean): Test {
  if (kind !== "HTTP_HEADER_NAME" && kind !== "HTTP_HEADER_VALUE") throw new Error(`unknown regex ${kind}`);
  const what = kind === "HTTP_HEADER_NAME" ? "name" : "value";
  const message = strict
    ? `must be a valid header ${what}`
    : `must have no NUL, CR or LF, being a header ${what}`;
  return [message, (text) => isHeaderText(text, kind, strict)];
}

function ignoringEmpty(rules: Rules, check: Check | undefined): Check | undefined {
  if (!check || rules.ignore_empty !== true) return check;
  return (value, out) => {
    if (value !== undefined && value !== "" && !(value instanceof Uint8Array && value.length === 0))
      check(value, out);
  };
}

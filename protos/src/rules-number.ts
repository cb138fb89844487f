import { all, type Check, rule } from "./violation.ts";

type Rules = Readonly<Record<string, unknown>>;

/** `validate.rules` of a numeric type (`uint32`, `double`, …). 64-bit values may be decimal strings. */
export function numberRules(type: string, rules: Rules): Check | undefined {
  return all(
    [
      ...rangeRules(type, rules, (value) => Number(value ?? 0), Number),
      "const" in rules &&
        rule(`${type}.const`, `must be ${rules.const}`, (v) => Number(v ?? 0) === rules.const),
      "in" in rules && oneOf(type, rules.in, true),
      "not_in" in rules && oneOf(type, rules.not_in, false),
    ].map((check) => check || undefined),
  );
}

/** `validate.rules` of a duration, in nanoseconds so that no precision is lost. */
export function durationRules(rules: Rules): Check | undefined {
  return all(rangeRules("duration", rules, nanos, nanos));
}

/**
 * The four bounds. A lower bound above the upper one means "outside of the gap", as `validate.proto` has it.
 */
function rangeRules<T extends number | bigint>(
  type: string,
  rules: Rules,
  read: (value: unknown) => T,
  bound: (value: unknown) => T,
): Check[] {
  const low = "gt" in rules ? "gt" : "gte" in rules ? "gte" : undefined;
  const high = "lt" in rules ? "lt" : "lte" in rules ? "lte" : undefined;
  const above = low && rangeTest(low, bound(rules[low]));
  const below = high && rangeTest(high, bound(rules[high]));
  if (low && high && above && below && bound(rules[low]) > bound(rules[high])) {
    const text = `must be ${WORDS[low]} ${show(rules[low])} or ${WORDS[high]} ${show(rules[high])}`;
    return [rule(`${type}.${low}`, text, (value) => above(read(value)) || below(read(value)))];
  }
  const checks: Check[] = [];
  if (low && above) {
    checks.push(rule(`${type}.${low}`, `must be ${WORDS[low]} ${show(rules[low])}`, (v) => above(read(v))));
  }
  if (high && below) {
    checks.push(
      rule(`${type}.${high}`, `must be ${WORDS[high]} ${show(rules[high])}`, (v) => below(read(v))),
    );
  }
  return checks;
}

const WORDS = { gt: "greater than", gte: "at least", lt: "less than", lte: "at most" } as const;

function rangeTest<T extends number | bigint>(name: keyof typeof WORDS, limit: T): (value: T) => boolean {
  if (name === "gt") return (value) => value > limit;
  if (name === "gte") return (value) => value >= limit;
  return name === "lt" ? (value) => value < limit : (value) => value <= limit;
}

function oneOf(type: string, list: unknown, wanted: boolean): Check {
  const values = (Array.isArray(list) ? list : [list]).map(Number);
  const text = `must ${wanted ? "" : "not "}be one of ${values.join(", ")}`;
  return rule(`${type}.${wanted ? "in" : "not_in"}`, text, (v) => values.includes(Number(v ?? 0)) === wanted);
}

function nanos(value: unknown): bigint {
  const parts = typeof value === "object" && value !== null ? value : {};
  return (
    integer("seconds" in parts && parts.seconds) * 1_000_000_000n + integer("nanos" in parts && parts.nanos)
  );
}

function integer(value: unknown): bigint {
  return typeof value === "number" || (typeof value === "string" && value !== "") ? BigInt(value) : 0n;
}

function show(bound: unknown): string {
  return typeof bound === "object" ? `${Number(nanos(bound)) / 1e9}s` : String(bound);
}

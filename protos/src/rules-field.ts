import { asRecord, listOf } from "./records.ts";
import type { FieldInfo } from "./registry.ts";
import { durationRules, numberRules } from "./rules-number.ts";
import { bytesRules, stringRules } from "./rules-text.ts";
import { all, type Check, rule, under, underEach } from "./violation.ts";
import { isWrapper } from "./well-known.ts";

type Rules = Readonly<Record<string, unknown>>;

/**
 * The `validate.rules` of a field, as a check of its value, which is `undefined` when the field is absent.
 * Semantics as in protoc-gen-validate: messages, members of a oneof and `optional` scalars are only looked at
 * when present (save for `required`); other scalars always, absent being their zero.
 */
export function fieldRules(field: FieldInfo): Check | undefined {
  const rules = field.rules ?? {};
  const checks = Object.entries(rules).map(([kind, value]) => kindRules(field, kind, asRecord(value)));
  return all(checks);
}

function kindRules(field: FieldInfo, kind: string, rules: Rules): Check | undefined {
  const { required: isRequired, ...rest } = rules;
  // A required member of a oneof is required only when it is the one that is chosen.
  const isNeeded = isRequired === true && field.oneof === undefined;
  const required = isNeeded ? rule("required", "must be set", (value) => value !== undefined) : undefined;
  return all([required, present(field, valueRules(field, kind, rest))]);
}

function valueRules(field: FieldInfo, kind: string, rules: Rules): Check | undefined {
  switch (kind) {
    case "message":
      return undefined;
    case "repeated":
      return repeatedRules(field, rules);
    case "map":
      return mapRules(field, rules);
    case "any":
      return anyRules(rules);
    case "duration":
      return durationRules(rules);
    case "timestamp":
      return undefined;
    default:
      return scalarRules(field, kind, rules);
  }
}

function scalarRules(field: FieldInfo, kind: string, rules: Rules): Check | undefined {
  if (kind === "string") return stringRules(rules);
  if (kind === "bytes") return bytesRules(rules);
  if (kind === "bool")
    return rule("bool.const", `must be ${rules.const}`, (v) => (v ?? false) === rules.const);
  return kind === "enum" ? enumRules(field, rules) : numberRules(kind, rules);
}

/** Wraps a check with what "absent" means for the field. The rules of a wrapper are about its value. */
function present(field: FieldInfo, check: Check | undefined): Check | undefined {
  if (!check) return undefined;
  const always = field.kind !== "message" && !field.presence && !field.repeated && field.key === undefined;
  // Lists and maps have no absence either: an absent one is empty.
  if (always || field.repeated || field.key !== undefined) return check;
  if (field.kind === "message" && isWrapper(field.type)) {
    return (value, out) => {
      if (value !== undefined) under("value", check, asRecord(value).value, out);
    };
  }
  return (value, out) => {
    if (value !== undefined) check(value, out);
  };
}

function enumRules(field: FieldInfo, rules: Rules): Check | undefined {
  const known = field.enum();
  const number = (value: unknown) =>
    typeof value === "string" ? (known.numbers.get(value) ?? Number.NaN) : Number(value ?? 0);
  const list = (value: unknown) => (Array.isArray(value) ? value : [value]).map(number);
  return all([
    rules.defined_only === true
      ? rule("enum.defined_only", "must be a known value", (value) => known.names.has(number(value)))
      : undefined,
    "const" in rules
      ? rule("enum.const", "must be the one allowed value", (value) => number(value) === number(rules.const))
      : undefined,
    "in" in rules
      ? rule("enum.in", "must be one of the allowed values", (value) =>
          list(rules.in).includes(number(value)),
        )
      : undefined,
    "not_in" in rules
      ? rule(
          "enum.not_in",
          "must be one of the allowed values",
          (v) => !list(rules.not_in).includes(number(v)),
        )
      : undefined,
  ]);
}

function repeatedRules(field: FieldInfo, rules: Rules): Check | undefined {
  const min = Number(rules.min_items ?? 0);
  const max = Number(rules.max_items ?? Number.POSITIVE_INFINITY);
  const items = all(
    Object.entries(asRecord(rules.items)).map(([kind, each]) => itemRules(field, kind, asRecord(each))),
  );
  const check = all([
    min > 0
      ? rule("repeated.min_items", `must have at least ${min} items`, (v) => listOf(v).length >= min)
      : undefined,
    max < Number.POSITIVE_INFINITY
      ? rule("repeated.max_items", `must have at most ${max} items`, (v) => listOf(v).length <= max)
      : undefined,
    rules.unique === true
      ? rule(
          "repeated.unique",
          "must have no item twice",
          (v) => new Set(listOf(v)).size === listOf(v).length,
        )
      : undefined,
    items && ((value, out) => underEach(items, value, out)),
  ]);
  if (!check || rules.ignore_empty !== true) return check;
  return (value, out) => {
    if (listOf(value).length > 0) check(value, out);
  };
}

function itemRules(field: FieldInfo, kind: string, rules: Rules): Check | undefined {
  const check = valueRules(field, kind, rules);
  if (!check || !isWrapper(field.type)) return check;
  return (value, out) => under("value", check, asRecord(value).value, out);
}

function mapRules(field: FieldInfo, rules: Rules): Check | undefined {
  const min = Number(rules.min_pairs ?? 0);
  const max = Number(rules.max_pairs ?? Number.POSITIVE_INFINITY);
  const keys = all(
    Object.entries(asRecord(rules.keys)).map(([kind, each]) => scalarRules(field, kind, asRecord(each))),
  );
  const values = all(
    Object.entries(asRecord(rules.values)).map(([kind, each]) => itemRules(field, kind, asRecord(each))),
  );
  const size = (value: unknown) => Object.keys(asRecord(value)).length;
  return all([
    min > 0 ? rule("map.min_pairs", `must have at least ${min} entries`, (v) => size(v) >= min) : undefined,
    max < Number.POSITIVE_INFINITY
      ? rule("map.max_pairs", `must have at most ${max} entries`, (v) => size(v) <= max)
      : undefined,
    keys || values
      ? (value, out) => {
          for (const [key, item] of Object.entries(asRecord(value))) {
            if (keys) under(`[${JSON.stringify(key)}]`, keys, key, out);
            if (values) under(`[${JSON.stringify(key)}]`, values, item, out);
          }
        }
      : undefined,
  ]);
}

function anyRules(rules: Rules): Check | undefined {
  const url = (value: unknown) => String(asRecord(value).typeUrl ?? "");
  const wanted = Array.isArray(rules.in) ? rules.in.map(String) : undefined;
  const refused = Array.isArray(rules.not_in) ? rules.not_in.map(String) : undefined;
  return all([
    wanted && rule("any.in", `must be one of ${wanted.join(", ")}`, (value) => wanted.includes(url(value))),
    refused &&
      rule("any.not_in", `must be none of ${refused.join(", ")}`, (value) => !refused.includes(url(value))),
  ]);
}

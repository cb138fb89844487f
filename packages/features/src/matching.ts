import {
  bool,
  checkRegex,
  conditionHeaderType,
  type DraftContext,
  defineFeature,
  headerValueType,
  holds,
  keys as keyFamily,
  type ParseContext,
  queryNameType,
  type RouteDraft,
  raw,
  regexType,
  shorten,
  shownValue,
  type ValueType,
} from "@sluice/feature-api";
import type { Condition, TextMatch } from "@sluice/model";

/** What an Ingress demands of requests besides host and path, and how its paths are read. */
export interface MatchingPolicy {
  readonly regex: boolean;
  /** The regex must match the whole path, not only its start. */
  readonly whole: boolean;
  readonly ignoreCase: boolean;
  /** Sorted, so that equal demands are equal values. */
  readonly conditions: readonly Condition[];
}

/** RFC 9110, section 9.3, and PATCH of RFC 5789. */
const METHODS = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
const PSEUDO_HEADERS = ["authority", "method", "path"];

const keys = {
  "use-regex": bool({
    doc: "Reads the paths of this Ingress as RE2 patterns, anchored at the start, without case; the path type is ignored.",
    example: "true",
    default: "false",
    nginx:
      "Holds for the Ingress that has it; ingress-nginx makes every path of the host a pattern. Patterns are RE2: a rule with PCRE-only syntax is dropped and reported.",
  }),
  "full-path-regex": bool({
    doc: "Reads the paths as `use-regex` does, which it does not need, but a pattern must match the whole path.",
    example: "true",
    default: "false",
    nginx: "ingress-nginx does not have it.",
  }),
  "ignore-path-case": bool({
    doc: "Compares paths without case.",
    example: "true",
    default: "false",
    nginx: "ingress-nginx does not have it.",
  }),
  "match-method": raw({
    doc: "Methods that the rules take, separated by blanks, in any case. Unknown ones are dropped and reported; if none is left the rules take all. A CORS preflight is a request by OPTIONS: with `enable-cors`, list OPTIONS too, or it gets no answer from these rules.",
    example: "GET HEAD",
    default: "all methods",
    nginx: "ingress-nginx does not have it.",
  }),
  ...family("exact", headerValueType, "is exactly this", "beta"),
  ...family("prefix", headerValueType, "starts with this", "beta-"),
  ...family("regex", regexType, "matches this RE2 pattern as a whole", "beta-[0-9]+"),
};

function family<const M extends string>(kind: M, type: ValueType<string>, says: string, example: string) {
  const all = "All conditions must hold; of one name exact counts before prefix, prefix before regex.";
  const rest = { example, default: "no condition", nginx: "ingress-nginx does not have it." };
  // The names are built from the kind; the annotation keeps them literal for the type of the values.
  return {
    [`${kind}-match-header-*`]: keyFamily(type, {
      doc: `The rules take a request only if its header of the name in the key ${says}. ${all}`,
      ...rest,
    }),
    [`${kind}-match-query-*`]: keyFamily(type, {
      doc: `The rules take a request only if the query parameter of the name in the key ${says}, as sent, without decoding. ${all}`,
      ...rest,
    }),
    [`${kind}-match-pseudo-header-*`]: keyFamily(type, {
      doc: `The rules take a request only if its authority, method or path (with the query), by the name in the key, ${says}. ${all}`,
      ...rest,
    }),
  } as Record<`${M}-match-${"header" | "query" | "pseudo-header"}-*`, ReturnType<typeof keyFamily<string>>>;
}

type Named = ReadonlyMap<string, string> | undefined;

/** How paths are read, and which requests the rules take besides. */
export const matching = defineFeature({
  id: "matching",
  title: "Matching",
  scope: "route",
  onInvalid: "ignore",
  keys,
  parse: (values, context): MatchingPolicy | undefined => {
    const whole = values["full-path-regex"] ?? false;
    const conditions = [
      ...methods(values["match-method"], context),
      ...KINDS.flatMap(({ part, on, name }) =>
        strongest(
          part,
          on,
          name,
          {
            exact: values[`exact-match-${part}-*`],
            prefix: values[`prefix-match-${part}-*`],
            regex: values[`regex-match-${part}-*`],
          },
          context,
        ),
      ),
    ];
    const policy = {
      regex: whole || (values["use-regex"] ?? false),
      whole,
      ignoreCase: values["ignore-path-case"] ?? false,
      conditions: conditions.toSorted(byText),
    };
    return policy.regex || policy.ignoreCase || conditions.length > 0 ? policy : undefined;
  },
  draftStage: "match",
  draft: (draft, policy, context) => {
    const conditions = [...draft.conditions, ...policy.conditions];
    if (policy.regex)
      return asRegex(
        { ...draft, conditions },
        policy.whole ? "full-path-regex" : "use-regex",
        context,
        policy.whole,
      );
    return {
      ...draft,
      conditions,
      path: policy.ignoreCase ? { ...draft.path, ignoreCase: true } : draft.path,
    };
  },
});

/**
 * The draft with the rule's path as a pattern, without case. A path that is no pattern drops the rule: it must not
 * take other requests than those its author meant. `key` is the annotation that asked.
 */
export function asRegex(draft: RouteDraft, key: string, context: DraftContext, whole = false): RouteDraft {
  const check = checkRegex(context.rulePath);
  if ("groups" in check) {
    const path = { kind: "regex", value: context.rulePath, ignoreCase: true } as const;
    return { ...draft, path: whole ? { ...path, whole } : path };
  }
  context.report.note(key, {
    code: "rule-invalid",
    severity: "error",
    value: shownValue(context.rulePath),
    message: `The path ${shorten(context.rulePath)} is read as a pattern on account of ${key}, and cannot be used (${check.fault}): the rule is dropped.`,
    expected: regexType.expected,
    hint: "Write the path without what only PCRE has, or as several rules.",
  });
  return { ...draft, dropped: true };
}

/** So many unknown methods are reported: an annotation may have a hundred thousand words. */
const MOST_UNKNOWN = 10;

function methods(text: string | undefined, context: ParseContext): Condition[] {
  if (text === undefined) return [];
  const words = text.split(/\s+/).filter((word) => word !== "");
  const unknown = new Set(words.filter((word) => !METHODS.includes(word.toUpperCase())));
  for (const word of [...unknown].slice(0, MOST_UNKNOWN))
    context.report.bad("match-method", `methods out of ${METHODS.join(", ")}`, word);
  const known = METHODS.filter((method) => words.some((word) => word.toUpperCase() === method));
  const [only] = known;
  if (only === undefined) return [];
  const match: TextMatch =
    known.length === 1 ? { kind: "exact", value: only } : { kind: "regex", value: known.join("|") };
  return [holds("header", ":method", match)];
}

/** What stands in the key, as conditions name it; undefined if nothing can have that name. */
type NameOf = (text: string) => string | undefined;

const byType =
  (type: ValueType<string>): NameOf =>
  (text) => {
    const result = type.parse(text);
    return result.ok ? result.value : undefined;
  };

const KINDS: readonly {
  readonly part: "header" | "query" | "pseudo-header";
  readonly on: "header" | "query";
  readonly name: NameOf;
}[] = [
  { part: "header", on: "header", name: byType(conditionHeaderType) },
  { part: "query", on: "query", name: byType(queryNameType) },
  {
    part: "pseudo-header",
    on: "header",
    name: (text) => (PSEUDO_HEADERS.includes(text.toLowerCase()) ? `:${text.toLowerCase()}` : undefined),
  },
];

const EXPECTED_NAME = {
  header: "a header name at the end of the key",
  query: "the name of a query parameter at the end of the key",
  "pseudo-header": `${PSEUDO_HEADERS.join(", ")} at the end of the key`,
};

function strongest(
  part: (typeof KINDS)[number]["part"],
  on: Condition["on"],
  nameOf: NameOf,
  values: { readonly exact: Named; readonly prefix: Named; readonly regex: Named },
  context: ParseContext,
): Condition[] {
  const chosen = new Map<string, Condition>();
  for (const kind of ["exact", "prefix", "regex"] as const)
    for (const [written, value] of values[kind] ?? []) {
      const key = `${kind}-match-${part}-${written}`;
      const name = nameOf(written);
      if (name === undefined) context.report.bad(key, EXPECTED_NAME[part], written);
      else if (chosen.has(name))
        context.report.note(key, {
          code: "annotation-no-effect",
          message: `${key} has no effect beside another condition on the same name: exact counts before prefix, prefix before regex.`,
          hint: "Keep one of the two.",
        });
      else chosen.set(name, holds(on, name, { kind, value }));
    }
  return [...chosen.values()];
}

function byText(a: Condition, b: Condition): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

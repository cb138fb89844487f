import {
  bool,
  conditionHeaderType,
  cookieNameType,
  defineFeature,
  enumType,
  headerValueType,
  holds,
  int,
  isExactly,
  key,
  type ParseContext,
  queryNameType,
  regexType,
  type Variant,
} from "@sluice/feature-api";
import type { Condition } from "@sluice/model";
import { reportLeftOver } from "./support/kruise.ts";

/** Larger weights and totals mean nothing more; beyond, sums would lose digits. */
const MAX_WEIGHT = 1_000_000_000;

const keys = {
  canary: bool({
    doc: "Makes this Ingress a canary of the rules of another Ingress with the same host, path, path type and conditions. It takes the share of their requests that the other canary keys describe, and all else but header control, `service-subset` and destination from that Ingress.",
    example: "true",
    default: "false",
    nginx: "A rule may have any number of canaries; ingress-nginx takes one.",
  }),
  "canary-by-header": key(conditionHeaderType, {
    doc: "A request header that decides: always goes to the canary, never does not (neither by cookie nor by weight), any other value leaves it to the next rule. With a query key on the same canary both must hold.",
    example: "X-Canary",
    default: "no header rule",
    nginx: "Header and query of one canary must both hold.",
  }),
  "canary-by-header-value": key(headerValueType, {
    doc: "The value of `canary-by-header` that goes to the canary, whole and with case; always and never then mean nothing.",
    example: "beta",
    default: "always and never decide",
    higress: "always does not match besides the value.",
  }),
  "canary-by-header-pattern": key(regexType, {
    doc: "An RE2 pattern, found anywhere in the value of `canary-by-header`, that goes to the canary. Ignored if `canary-by-header-value` is set.",
    example: "^(beta|internal)",
    default: "always and never decide",
    nginx: "RE2 in place of PCRE: no lookaround, no backreferences.",
  }),
  "canary-by-query": key(queryNameType, {
    doc: "A query parameter that decides as `canary-by-header` does. Its first occurrence counts, as sent, without decoding.",
    example: "canary",
    default: "no query rule",
    nginx: "ingress-nginx has no canary by query.",
  }),
  "canary-by-query-value": key(headerValueType, {
    doc: "The value of `canary-by-query` that goes to the canary, whole and as sent; always and never then mean nothing.",
    example: "beta",
    default: "always and never decide",
    nginx: "ingress-nginx has no canary by query.",
  }),
  "canary-by-query-pattern": key(regexType, {
    doc: "An RE2 pattern, found anywhere in the value of `canary-by-query`, that goes to the canary. Ignored if `canary-by-query-value` is set.",
    example: "^beta",
    default: "always and never decide",
    nginx: "ingress-nginx has no canary by query.",
  }),
  "canary-by-cookie": key(cookieNameType, {
    doc: "A cookie that decides after header and query: always goes to the canary, never does not by weight, any other value leaves it to the weight.",
    example: "canary",
    default: "no cookie rule",
  }),
  "canary-by-cookie-value": key(headerValueType, {
    doc: "The value of `canary-by-cookie` that goes to the canary, whole and with case; always and never then mean nothing.",
    example: "beta",
    default: "always and never decide",
    nginx: "ingress-nginx has no value for the cookie.",
  }),
  "canary-weight": int(0, MAX_WEIGHT, {
    doc: "The share of `canary-weight-total` of the requests that no rule claimed. 0 and bad values: none. The total or more: all.",
    example: "20",
    default: "0",
  }),
  "canary-weight-total": int(1, MAX_WEIGHT, {
    doc: "What `canary-weight` is a share of. With several canaries of one rule that of the oldest counts.",
    example: "1000",
    default: "100",
    nginx: "Totals below 100 count too.",
  }),
  "affinity-canary-behavior": key(enumType(["legacy", "sticky"]), {
    doc: "How session affinity and canaries meet. Always legacy: affinity is ignored when a canary is chosen.",
    example: "legacy",
    default: "legacy",
    nginx:
      "sticky, the default of ingress-nginx, has no effect: a canary's cookie does not keep a client there.",
  }),
};

/** Keys that say who goes to the canary; without `canary` they have no effect. */
const RULE_KEYS = Object.keys(keys).filter(
  (name) => name !== "canary" && name !== "affinity-canary-behavior",
);

/** Canaries: who goes to the Ingress that has these keys instead of the one it doubles. */
export const canary = defineFeature({
  id: "canary",
  title: "Canary",
  scope: "route",
  onInvalid: "ignore",
  keys,
  parse: (values, context): Variant | undefined => {
    if (values["affinity-canary-behavior"] === "sticky") reportSticky(context);
    if (values.canary !== true) {
      reportUnused(context, values.canary === false);
      return undefined;
    }
    for (const by of ["header", "query", "cookie"]) reportPartners(context, by);
    const header = tier("header", values["canary-by-header"], {
      value: values["canary-by-header-value"],
      pattern: values["canary-by-header-pattern"],
    });
    const query = tier("query", values["canary-by-query"], {
      value: values["canary-by-query-value"],
      pattern: values["canary-by-query-pattern"],
    });
    const cookie = tier("cookie", values["canary-by-cookie"], { value: values["canary-by-cookie-value"] });
    const total = values["canary-weight-total"];
    const weight = values["canary-weight"] ?? 0;
    reportLeftOver(context, { weight, total: total ?? 100 });
    return {
      claim: [...header.claim, ...query.claim],
      refuse: [...header.refuse, ...query.refuse],
      cookieClaim: cookie.claim,
      cookieRefuse: cookie.refuse,
      weight,
      ...(total === undefined ? {} : { total }),
    };
  },
  variant: (policy) => policy,
});

interface Tier {
  readonly claim: readonly Condition[];
  readonly refuse: readonly Condition[];
}

/** A value or pattern takes the place of `always` and `never`, the refusal included. */
function tier(
  on: Condition["on"],
  name: string | undefined,
  wanted: { readonly value?: string | undefined; readonly pattern?: string | undefined },
): Tier {
  if (name === undefined) return { claim: [], refuse: [] };
  if (wanted.value !== undefined) return { claim: [isExactly(on, name, wanted.value)], refuse: [] };
  if (wanted.pattern !== undefined)
    return {
      claim: [holds(on, name, { kind: "regex", value: wanted.pattern, anywhere: true })],
      refuse: [],
    };
  return { claim: [isExactly(on, name, "always")], refuse: [isExactly(on, name, "never")] };
}

function reportSticky(context: ParseContext): void {
  context.report.note("affinity-canary-behavior", {
    code: "annotation-no-effect",
    severity: "info",
    message: "Affinity never keeps a client at a canary: sticky has no effect.",
    expected: '"legacy"',
  });
}

/** Someone who wrote `canary: "false"` knows; someone who forgot the key may not. */
function reportUnused(context: ParseContext, switchedOff: boolean): void {
  for (const name of RULE_KEYS.filter(context.isSet))
    context.report.note(name, {
      code: "canary-keys-unused",
      severity: switchedOff ? "info" : "warning",
      message: `${name} has no effect without canary "true".`,
      hint: 'Set canary to "true", or remove the key.',
    });
}

/** `-value` and `-pattern` need the key that names what they compare, and the value beats the pattern. */
function reportPartners(context: ParseContext, by: string): void {
  const name = `canary-by-${by}`;
  for (const ending of ["value", "pattern"]) {
    const part = `${name}-${ending}`;
    if (!(part in keys) || !context.isSet(part)) continue;
    if (!context.isSet(name))
      context.report.note(part, {
        code: "annotation-no-effect",
        message: `${part} has no effect without ${name}.`,
        hint: `Set ${name} to the name of the ${by === "query" ? "query parameter" : by}.`,
      });
    else if (ending === "pattern" && context.isSet(`${name}-value`))
      context.report.note(part, {
        code: "annotation-no-effect",
        message: `${part} has no effect beside ${name}-value.`,
        hint: "Keep one of the two.",
      });
  }
}

import type { Condition, TextMatch } from "@sluice/model";
import type { HeaderMatcher, QueryParameterMatcher, StringMatcher } from "@sluice/protos";
import { quoteMeta } from "./regex.ts";

/** One condition as Envoy has it, or why it cannot be had. */
export type ConditionMatch =
  | { readonly header: HeaderMatcher }
  | { readonly query: QueryParameterMatcher }
  | { readonly fault: string };

/** Translates a condition on a header, a query parameter or a cookie. */
export function conditionMatch(condition: Condition): ConditionMatch {
  if (condition.on === "header") return { header: headerMatch(condition) };
  if (condition.on === "cookie") return cookieMatch(condition);
  return condition.negate ? noQueryMatch(condition) : { query: queryMatch(condition) };
}

function headerMatch({ name, match, negate }: Condition): HeaderMatcher {
  const matcher = stringMatch(match);
  if (matcher === undefined) return { name, presentMatch: !negate };
  if (!negate) return { name, stringMatch: matcher };
  // Envoy fails a matcher on an absent header, inverted or not, unless it takes absence for the empty text.
  return { name, stringMatch: matcher, invertMatch: true, treatMissingHeaderAsEmpty: true };
}

function queryMatch({ name, match }: Condition): QueryParameterMatcher {
  const matcher = stringMatch(match);
  return matcher === undefined ? { name, presentMatch: true } : { name, stringMatch: matcher };
}

/** `undefined`: anything will do, so presence is all that is asked. */
function stringMatch(match: TextMatch): StringMatcher | undefined {
  if (match.kind === "present") return undefined;
  if (match.kind === "exact") return { exact: match.value };
  if (match.kind === "prefix") return match.value === "" ? undefined : { prefix: match.value };
  return { safeRegex: { regex: match.anywhere ? `.*(?:${match.value}).*` : match.value } };
}

/**
 * A cookie is matched in the header: Envoy's own cookie matcher is so young that older ones would ignore the field,
 * and a route that lost its condition takes every request. Envoy joins several Cookie headers by "; ".
 */
function cookieMatch(condition: Condition): ConditionMatch {
  const value = literalRegex(condition.match, "[^;]*");
  if (value === undefined) return { fault: "a regular expression on a cookie" };
  const regex = `(?:.*;[ \\t]*)?${quoteMeta(condition.name)}=${value}[ \\t]*(?:;.*)?`;
  const match: TextMatch = { kind: "regex", value: regex };
  return { header: headerMatch({ ...condition, name: "cookie", match }) };
}

/** Envoy cannot invert a match on a query parameter, but one on the header that carries the query. */
function noQueryMatch(condition: Condition): ConditionMatch {
  const value = literalRegex(condition.match, "[^&#]*");
  if (value === undefined) return { fault: "a regular expression that must not match a query parameter" };
  const regex = `[^?#]*\\?(?:[^#]*&)?${quoteMeta(condition.name)}=${value}(?:[&#].*)?`;
  return {
    header: headerMatch({
      on: "header",
      name: ":path",
      match: { kind: "regex", value: regex },
      negate: true,
    }),
  };
}

function literalRegex(match: TextMatch, anything: string): string | undefined {
  if (match.kind === "regex") return undefined;
  if (match.kind === "present") return anything;
  return match.kind === "exact" ? quoteMeta(match.value) : `${quoteMeta(match.value)}${anything}`;
}

import type { Condition, TextMatch } from "@sluice/model";
import { matchesRegex } from "./bytes.ts";
import { quoted, type SeenRequest } from "./request.ts";

/** Undefined when the condition holds, else the fact that decides, as the end of a sentence. */
export function conditionFailure(condition: Condition, request: SeenRequest): string | undefined {
  if (isBeyondEnvoy(condition))
    return `Envoy cannot tell whether ${conditionWords(condition)}: the route is left out`;
  const values = conditionValues(condition, request);
  const matched = comparedValues(condition, values).some((value) => textMatches(condition.match, value));
  if (matched !== (condition.negate ?? false)) return undefined;
  return `${subject(condition)} ${state(values)}, must ${demand(condition)}`;
}

/** `header x-canary is "always"`. */
export function conditionWords(condition: Condition): string {
  return `${subject(condition)} must ${demand(condition)}`;
}

/** What xds has no match for, so that it leaves the route out. */
function isBeyondEnvoy({ on, match, negate }: Condition): boolean {
  return match.kind === "regex" && (on === "cookie" || (on === "query" && negate === true));
}

/** Values as the request has them; none: it is absent. */
function conditionValues({ on, name, negate }: Condition, request: SeenRequest): readonly string[] {
  if (on === "header") return headerValues(name, request);
  if (on === "cookie") return cookies(request).flatMap(([key, value]) => (key === name ? [value] : []));
  const parameters = queryParameters(request.query).filter(([key]) => key === name);
  // Envoy looks at the first value, undecoded. A negated match is made on the text of the whole query, where every
  // value counts, but a parameter without `=` does not.
  if (negate) return parameters.flatMap(([, value]) => (value === undefined ? [] : [value]));
  return parameters.slice(0, 1).map(([, value]) => value ?? "");
}

/** A negated match takes an absent header for an empty one, since Envoy would else fail it. */
function comparedValues({ on, match, negate }: Condition, values: readonly string[]): readonly string[] {
  const asEmpty = on === "header" && negate && values.length === 0 && !isPresence(match);
  return asEmpty ? [""] : values;
}

/** Anything will do: also what starts with nothing. */
function isPresence(match: TextMatch): boolean {
  return match.kind === "present" || (match.kind === "prefix" && match.value === "");
}

function textMatches(match: TextMatch, value: string): boolean {
  switch (match.kind) {
    case "present":
      return true;
    case "exact":
      return value === match.value;
    case "prefix":
      return value.startsWith(match.value);
    case "regex":
      return matchesRegex(match.value, value, match.anywhere ? "anywhere" : "whole") ?? false;
  }
}

function headerValues(name: string, request: SeenRequest): readonly string[] {
  switch (name) {
    case ":authority":
    case "host":
      return [request.authority];
    case ":method":
      return [request.method];
    case ":path":
      return [request.query === undefined ? request.path : `${request.path}?${request.query}`];
    case ":scheme":
      return [request.scheme];
    default:
      return Object.hasOwn(request.headers, name) ? (request.headers[name] ?? []) : [];
  }
}

function queryParameters(query: string | undefined): [name: string, value: string | undefined][] {
  return (query ?? "").split("&").map((part) => {
    const equals = part.indexOf("=");
    return equals < 0 ? [part, undefined] : [part.slice(0, equals), part.slice(equals + 1)];
  });
}

function cookies(request: SeenRequest): [name: string, value: string][] {
  return headerValues("cookie", request)
    .flatMap((header) => header.split(";"))
    .flatMap((part): [string, string][] => {
      const text = part.replace(/^[ \t]+|[ \t]+$/g, "");
      const equals = text.indexOf("=");
      return equals < 0 ? [] : [[text.slice(0, equals), text.slice(equals + 1)]];
    });
}

function subject({ on, name }: Condition): string {
  if (on === "cookie") return `cookie ${name}`;
  if (on === "query") return `query parameter ${name}`;
  return name.startsWith(":") ? name.slice(1) : `header ${name}`;
}

function state(values: readonly string[]): string {
  return values.length === 0 ? "is absent" : `is ${values.map(quoted).join(" and ")}`;
}

function demand({ match, negate }: Condition): string {
  const not = negate ? "not " : "";
  switch (match.kind) {
    case "present":
      return `${not}be there`;
    case "exact":
      return `${not}be ${quoted(match.value)}`;
    case "prefix":
      return `${not}start with ${quoted(match.value)}`;
    case "regex":
      return match.anywhere
        ? `${not}contain the pattern ${match.value}`
        : `${not}match the pattern ${match.value}`;
  }
}

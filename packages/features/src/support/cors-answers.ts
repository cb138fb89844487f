import { escapeFormat, quoteRegex } from "@sluice/feature-api";
import type { HeaderMatcher, HeaderValueOption, Route } from "@sluice/protos";
import type { OriginMatch } from "./cors-origin.ts";

/** What the routes of an Ingress say to browsers on pages of other origins. */
export interface CorsPolicy {
  /** `any`: whatever the origin is. Else at least one. */
  readonly origins: "any" | readonly OriginMatch[];
  /** As they stand in the header; `*`: those that the preflight asks for. */
  readonly methods: string;
  readonly headers: string;
  readonly exposed?: string;
  readonly credentials: boolean;
  readonly maxAge: number;
}

/**
 * A route that answers itself, with what it says to other origins. Envoy's filter passes over such routes (measured on
 * 1.40), so that each needs a form for preflights, one for other requests of allowed origins, and itself for the rest.
 */
export function corsAnswers(route: Route, policy: CorsPolicy): readonly Route[] {
  const preflight = [
    { name: ":method", stringMatch: { exact: "OPTIONS" } },
    { name: "access-control-request-method", presentMatch: true },
  ];
  const { redirect: _redirect, directResponse: _response, responseHeadersToAdd: _headers, ...rest } = route;
  const forms = originHeaders(policy).flatMap((allowed): Route[] => [
    {
      ...also(rest, [allowed, ...preflight]),
      directResponse: { status: 200 },
      responseHeadersToAdd: [...readable(policy), ...granted(policy)],
    },
    plus(also(route, [allowed]), readable(policy)),
  ]);
  return [...forms, plus(route, [])];
}

/** Whether an answer may be read depends on who asked, so that caches must keep them apart, those without an origin too. */
export const VARY: HeaderValueOption = { header: { key: "vary", value: "Origin" } };

function also(route: Route, headers: readonly HeaderMatcher[]): Route {
  return { ...route, match: { ...route.match, headers: [...(route.match?.headers ?? []), ...headers] } };
}

function plus(route: Route, headers: readonly HeaderValueOption[]): Route {
  return { ...route, responseHeadersToAdd: [...(route.responseHeadersToAdd ?? []), VARY, ...headers] };
}

/** Conditions of which one holds for an allowed origin. */
function originHeaders({ origins }: CorsPolicy): readonly HeaderMatcher[] {
  if (origins === "any") return [{ name: "origin", presentMatch: true }];
  const parts = origins.map((origin) => ("exact" in origin ? quoteRegex(origin.exact) : origin.regex));
  return inPieces(parts).map((piece) => ({
    name: "origin",
    stringMatch: { safeRegex: { regex: `(?i)(?:${piece.join("|")})` } },
  }));
}

/** RE2 refuses patterns that are too large to compile (its limit is 8 MiB), and Envoy with them the whole host. */
const MAX_PIECE = 16_384;

function inPieces(parts: readonly string[]): readonly (readonly string[])[] {
  const pieces: string[][] = [];
  let size = MAX_PIECE;
  for (const part of parts) {
    size += part.length;
    if (size > MAX_PIECE) {
      pieces.push([]);
      size = part.length;
    }
    pieces.at(-1)?.push(part);
  }
  return pieces;
}

function readable({ credentials, exposed }: CorsPolicy): readonly HeaderValueOption[] {
  return [
    set("access-control-allow-origin", "%REQ(origin)%"),
    ...(credentials ? [set("access-control-allow-credentials", "true")] : []),
    ...(exposed === undefined ? [] : [set("access-control-expose-headers", escapeFormat(exposed))]),
  ];
}

function granted({ methods, headers, maxAge }: CorsPolicy): readonly HeaderValueOption[] {
  const asked = (value: string, by: string): string =>
    value === "*" ? `%REQ(access-control-request-${by})%` : escapeFormat(value);
  return [
    set("access-control-allow-methods", asked(methods, "method")),
    set("access-control-allow-headers", asked(headers, "headers")),
    set("access-control-max-age", `${maxAge}`),
  ];
}

function set(key: string, value: string): HeaderValueOption {
  return { header: { key, value }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

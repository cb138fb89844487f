import {
  bad,
  bool,
  defineFeature,
  isToken,
  key,
  listType,
  ok,
  type ParseContext,
  type Report,
  raw,
  seconds,
  type ValueType,
} from "@sluice/feature-api";
import { any, type HttpFilter, type Route, type StringMatcher } from "@sluice/protos";
import { type CorsPolicy, corsAnswers, VARY } from "./support/cors-answers.ts";
import { corsOrigin, type OriginMatch } from "./support/cors-origin.ts";

/** Name of the filter, and of a route's configuration for it. */
const FILTER = "envoy.filters.http.cors";

const DEFAULT_METHODS = "GET, PUT, POST, DELETE, PATCH, OPTIONS";
const DEFAULT_HEADERS =
  "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";
const DEFAULT_MAX_AGE = 1_728_000;

/** Names of methods or headers; one `*` among them stands for all. The value is the header's. */
function namesType(what: string): ValueType<string> {
  const expected = `${what}, separated by commas, or *`;
  const list = listType<string>({
    expected,
    schema: { type: "string" },
    parse: (text) => (isToken(text) ? ok(text) : bad(expected)),
  });
  return {
    expected,
    schema: { type: "string" },
    parse: (text) => {
      const names = list.parse(text);
      if (!names.ok || names.value.length === 0) return bad(expected);
      return ok(names.value.includes("*") ? "*" : names.value.join(", "));
    },
  };
}

/** Cross-origin requests of browsers (the Fetch standard, section 3.3). */
export const cors = defineFeature({
  id: "cors",
  title: "Cross-origin requests (CORS)",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "enable-cors": bool({
      doc: "Lets pages of other origins read the answers of the rules: preflights are answered by the gateway, without authentication, and every answer to an allowed origin names it, errors and redirects included. Answers carry `Vary: Origin`, but for those to preflights, which caches do not keep.",
      example: "true",
      default: "false",
      nginx: "Preflights are answered with 200 instead of 204.",
    }),
    "cors-allow-origin": raw({
      doc: "Origins that may read: `scheme://host[:port]`, `scheme://*.host` for one label, `null`, or `*` for all; a host alone means http and https. Comma-separated, compared without case. Others get no CORS header, and their preflights go to the backend. A bad item is dropped; if none is left, no origin may read.",
      example: "https://shop.example.com, https://*.example.org:8443",
      default: "*",
      nginx: "With * the origin of the request is named instead of a literal *; see cors-allow-credentials.",
      higress: "Several origins, wildcards and a bare host are understood alike; a bad item is reported.",
    }),
    "cors-allow-methods": key(namesType("methods"), {
      doc: "Methods that a preflight allows, comma-separated; `*` allows the one that it asks for.",
      example: "GET, POST",
      default: DEFAULT_METHODS,
      nginx: "* is answered with the method that was asked for, which works with credentials too.",
    }),
    "cors-allow-headers": key(namesType("header names"), {
      doc: "Request headers that a preflight allows, comma-separated; `*` allows those that it asks for.",
      example: "Content-Type, X-Request-Token",
      default: DEFAULT_HEADERS,
      nginx:
        "X-CustomHeader is allowed by default. * is answered with the headers that were asked for, which works with credentials too.",
      higress: "Range is allowed by default.",
    }),
    "cors-expose-headers": key(namesType("header names"), {
      doc: "Response headers that pages may read besides the usual ones, comma-separated; `*` means all for requests without credentials.",
      example: "X-Request-ID",
      default: "none",
    }),
    "cors-allow-credentials": bool({
      doc: "Whether requests with cookies may be read. With `cors-allow-origin` * the default is false, since every site could read with the user's cookies; an explicit true is obeyed, and reported. If false, the header of the backend that allows it is removed.",
      example: "true",
      default: "true for listed origins, false for *",
      nginx:
        "With * and an explicit true, requests with cookies may be read by every site; there browsers refuse them.",
      higress: "With * requests with cookies may be read only if this is explicitly true.",
    }),
    "cors-max-age": seconds({
      doc: "How long browsers may remember the answer to a preflight.",
      example: "600",
      default: `${DEFAULT_MAX_AGE}`,
    }),
  },

  parse: (values, context): CorsPolicy | undefined => {
    if (values["enable-cors"] !== true) {
      if (!context.isSet("enable-cors")) reportUnused(context);
      return undefined;
    }
    const origins = originsOf(values["cors-allow-origin"], context);
    if (origins !== "any" && origins.length === 0) return undefined;
    const wanted = values["cors-allow-credentials"];
    if (origins === "any" && wanted === true) reportOpen(context.report);
    const exposed = values["cors-expose-headers"];
    return {
      origins,
      methods: values["cors-allow-methods"] ?? DEFAULT_METHODS,
      headers: values["cors-allow-headers"] ?? DEFAULT_HEADERS,
      ...(exposed === undefined ? {} : { exposed }),
      credentials: wanted ?? origins !== "any",
      maxAge: values["cors-max-age"] ?? DEFAULT_MAX_AGE,
    };
  },

  mayAnswer: ({ origins }, { method, headers }) => {
    const isPreflight =
      method === "OPTIONS" &&
      headers.origin !== undefined &&
      headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return undefined;
    const when = origins === "any" ? "whatever its origin is" : "if its origin is one of cors-allow-origin";
    return `This is a CORS preflight: the gateway answers it itself, with 200, ${when}.`;
  },
  stage: "cors",
  httpFilters: (): readonly HttpFilter[] => [
    { name: FILTER, typedConfig: any("envoy.extensions.filters.http.cors.v3.Cors", {}) },
  ],
  route: (out, policy) => {
    if (policy === undefined) return;
    out.typedPerFilterConfig = { ...out.typedPerFilterConfig, [FILTER]: perRoute(policy) };
    out.responseHeadersToAdd = [...(out.responseHeadersToAdd ?? []), VARY];
    if (!policy.credentials) withoutCredentials(out);
  },
  answers: (route, policy) => (policy === undefined ? [route] : corsAnswers(route, policy)),
});

/** Beside an origin that the gateway names, the backend's word would let that origin read with cookies. */
function withoutCredentials(out: Route): void {
  out.responseHeadersToRemove = [...(out.responseHeadersToRemove ?? []), "access-control-allow-credentials"];
}

function perRoute({ origins, methods, headers, exposed, credentials, maxAge }: CorsPolicy) {
  return any("envoy.extensions.filters.http.cors.v3.CorsPolicy", {
    allowOriginStringMatch: origins === "any" ? [{ exact: "*" }] : origins.map(originMatcher),
    allowMethods: methods,
    allowHeaders: headers,
    ...(exposed === undefined ? {} : { exposeHeaders: exposed }),
    maxAge: `${maxAge}`,
    ...(credentials ? { allowCredentials: { value: true } } : {}),
  });
}

function originMatcher(origin: OriginMatch): StringMatcher {
  return "exact" in origin
    ? { exact: origin.exact, ignoreCase: true }
    : { safeRegex: { regex: `(?i)${origin.regex}` } };
}

function originsOf(
  text: string | undefined,
  { report, isSet }: ParseContext,
): "any" | readonly OriginMatch[] {
  // A list that cannot be read must not let everybody in.
  if (text === undefined) return isSet("cors-allow-origin") ? [] : "any";
  const items = text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
  if (items.includes("*")) return "any";
  if (items.length === 0) report.bad("cors-allow-origin", ORIGIN_EXPECTED);
  const faults = items.filter((item) => corsOrigin(item) === undefined);
  for (const item of faults.slice(0, MAX_REPORTS)) report.bad("cors-allow-origin", ORIGIN_EXPECTED, item);
  const origins = items.flatMap((item) => corsOrigin(item) ?? []);
  if (origins.length > MAX_ORIGINS)
    report.note("cors-allow-origin", {
      message: `cors-allow-origin has more than ${MAX_ORIGINS} origins; those after them are ignored.`,
      expected: `at most ${MAX_ORIGINS} origins, where a host alone counts twice`,
    });
  return origins.slice(0, MAX_ORIGINS);
}

/** Envoy compares the origin of a request with one after the other. */
const MAX_ORIGINS = 500;

const ORIGIN_EXPECTED = "scheme://host[:port], scheme://*.host[:port], a host, null or *";

/** A long value of nothing but bad items is one mistake. */
const MAX_REPORTS = 10;

function reportOpen(report: Report): void {
  report.note("cors-allow-credentials", {
    message:
      "Every site may read the answers with the user's cookies: cors-allow-origin is * and cors-allow-credentials true.",
    expected: "the origins that may read, in cors-allow-origin",
    hint: "List the origins, or leave cors-allow-credentials out.",
  });
}

const DETAILS = [
  "cors-allow-origin",
  "cors-allow-methods",
  "cors-allow-headers",
  "cors-expose-headers",
  "cors-allow-credentials",
  "cors-max-age",
];

function reportUnused({ isSet, report }: ParseContext): void {
  for (const name of DETAILS.filter(isSet))
    report.note(name, {
      code: "annotation-no-effect",
      message: `${name} has no effect without enable-cors "true".`,
    });
}

import { enumType, isToken, textType } from "@sluice/feature-api";
import { any, type HttpFilter, type Route, type RouteAction_HashPolicy } from "@sluice/protos";

/** A cookie that keeps a client at one endpoint. */
export interface AffinityCookie {
  /** `balanced`: its value is hashed. `persistent`: it names the endpoint. */
  readonly mode: "balanced" | "persistent";
  readonly name: string;
  readonly path: string;
  /** Seconds; 0: until the browser is closed. */
  readonly maxAge: number;
  readonly sameSite?: "None" | "Lax" | "Strict";
  readonly domain?: string;
  /** `Secure` on plain HTTP as well. */
  readonly secure: boolean;
}

export const cookieNameType = textType("a cookie name (letters, digits and - _ . among others)", (text) =>
  isToken(text) ? undefined : "a cookie name (letters, digits and - _ . among others)",
);

export const cookiePathType = textType(
  "a path that begins with / and holds no blank, comma or semicolon",
  (text) =>
    /^\/[!#-+\--:<-[\]-~]*$/.test(text)
      ? undefined
      : "a path that begins with / and holds no blank, comma or semicolon",
);

export const cookieDomainType = textType("a domain name", (text) =>
  text.length <= 253 && /^\.?[A-Za-z0-9]([A-Za-z0-9-]*)(\.[A-Za-z0-9][A-Za-z0-9-]*)*$/.test(text)
    ? undefined
    : "a domain name",
);

export const sameSiteType = enumType(["None", "Lax", "Strict"], true);

const FILTER = "envoy.filters.http.stateful_session";

/** Lets routes with a persistent cookie name an endpoint. Does nothing on others. */
export function sessionFilters(): readonly HttpFilter[] {
  const typedConfig = any("envoy.extensions.filters.http.stateful_session.v3.StatefulSession", {});
  return [{ name: FILTER, typedConfig, disabled: true }];
}

/**
 * Makes a route follow the cookie. Only with `sets` it also sets one for clients that have none; Envoy adds
 * `HttpOnly`. A persistent cookie is followed only by routes that set it, for Envoy cannot tell the two apart;
 * what a client writes into it is taken for an endpoint only if the cluster has that one.
 */
export function followCookie(out: Route, cookie: AffinityCookie, sets: boolean, https: boolean): void {
  if (out.route === undefined) return;
  if (cookie.mode === "balanced") out.route.hashPolicy = [hashPolicy(cookie, sets, https)];
  else if (sets)
    out.typedPerFilterConfig = { ...out.typedPerFilterConfig, [FILTER]: sessionConfig(cookie, https) };
}

function hashPolicy(cookie: AffinityCookie, sets: boolean, https: boolean): RouteAction_HashPolicy {
  // A time to live, even of zero, is what makes Envoy set the cookie.
  return { cookie: sets ? cookieMessage(cookie, https) : { name: cookie.name } };
}

function sessionConfig(cookie: AffinityCookie, https: boolean): ReturnType<typeof any> {
  const typedConfig = any("envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState", {
    cookie: cookieMessage(cookie, https),
  });
  return any("envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute", {
    // Not strict: a client whose endpoint has gone gets another one.
    statefulSession: { sessionState: { name: "envoy.http.stateful_session.cookie", typedConfig } },
  });
}

/** The fields that both of Envoy's cookie messages have. */
function cookieMessage({ name, path, maxAge, sameSite, domain, secure }: AffinityCookie, https: boolean) {
  const attributes = [
    ...(domain === undefined ? [] : [{ name: "Domain", value: domain }]),
    ...(sameSite === undefined ? [] : [{ name: "SameSite", value: sameSite }]),
    ...(secure || https ? [{ name: "Secure" }] : []),
  ];
  return { name, path, ttl: { seconds: maxAge }, ...(attributes.length === 0 ? {} : { attributes }) };
}

import { bad, defineFeature, key, ok, type ParseContext, type ValueType } from "@sluice/feature-api";
import { any, type HttpFilter, struct } from "@sluice/protos";
import { affinityCookieName } from "./load-balance.ts";
import { RESPONSE_REWRITE_SCRIPT } from "./support/response-rewrite-script.ts";

const FILTER = "sluice.response-rewrite";

/** A text and what takes its place. */
interface Pair {
  readonly from: string;
  readonly to: string;
}

interface ResponseRewritePolicy {
  readonly cookieDomain?: Pair;
  readonly cookiePath?: Pair;
  readonly redirect?: Pair;
}

const DOMAIN = /^[a-z0-9.-]{1,253}$/i;
/** Visible ASCII without what ends an attribute, and without NGINX variables. */
const PATH = /^\/[!-#%-:<-~]{0,1000}$/;
const URL_PART = /^(?!~)[!-#%-~]{1,2000}$/;
const URL_EXPECTED = "the start of a URL or path, without blanks, variables and regular expressions";

const urlPartType: ValueType<string> = {
  expected: URL_EXPECTED,
  schema: { type: "string" },
  parse: (text) => (URL_PART.test(text) ? ok(text) : bad(URL_EXPECTED)),
};

/** Cookies and redirects of a backend that knows itself by another name or path than its clients do. */
export const responseRewrite = defineFeature({
  id: "response-rewrite",
  title: "Cookie and redirect rewriting",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "proxy-cookie-domain": key(pairType("domain", DOMAIN), {
      doc: "With `FROM TO` a cookie that the backend sets for the domain FROM is for TO. Compared as a whole, without case and without a dot at the start. off: cookies stay as they are.",
      example: "backend.internal shop.example.com",
      default: "off",
      nginx: "Regular expressions (~) and NGINX variables are refused.",
    }),
    "proxy-cookie-path": key(pairType("path", PATH), {
      doc: "With `FROM TO`, in a cookie that the backend sets for a path that begins with FROM, that part is TO. off: cookies stay as they are.",
      example: "/app/ /",
      default: "off",
      nginx: "Regular expressions (~) and NGINX variables are refused.",
    }),
    "proxy-redirect-from": key(urlPartType, {
      doc: "With `proxy-redirect-to`: Location and Refresh of the backend's answers that begin with this text begin with the other. off: they stay as they are.",
      example: "http://backend.internal/",
      default: "off",
      nginx:
        "Regular expressions (~) and NGINX variables are refused; default is the same as off, which it comes to in ingress-nginx too.",
    }),
    "proxy-redirect-to": key(urlPartType, {
      doc: "What takes the place of `proxy-redirect-from` at the start of Location and Refresh. off: they stay as they are.",
      example: "https://shop.example.com/",
      default: "off",
      nginx: "Regular expressions (~) and NGINX variables are refused.",
    }),
  },
  parse: (values, context): ResponseRewritePolicy | undefined => {
    const cookieDomain = values["proxy-cookie-domain"];
    const cookiePath = values["proxy-cookie-path"];
    const redirect = redirectPair(values["proxy-redirect-from"], values["proxy-redirect-to"], context);
    const policy: ResponseRewritePolicy = {
      ...(cookieDomain === undefined || cookieDomain === "off" ? {} : { cookieDomain }),
      ...(cookiePath === undefined || cookiePath === "off" ? {} : { cookiePath }),
      ...(redirect === undefined ? {} : { redirect }),
    };
    return Object.keys(policy).length === 0 ? undefined : policy;
  },
  stage: "mutate",
  requires: ["envoy.extensions.filters.http.lua.v3.Lua"],
  httpFilters: (): readonly HttpFilter[] => [
    {
      name: FILTER,
      typedConfig: any("envoy.extensions.filters.http.lua.v3.Lua", {
        sourceCodes: { rewrite: { inlineString: RESPONSE_REWRITE_SCRIPT } },
      }),
    },
  ],
  // What a user wrote is data of the route, and never part of a script.
  route: (out, policy, { policies }) => {
    if (policy === undefined) return;
    const data = Object.entries(policy).map(([name, { from, to }]) => [name, { from, to }]);
    // Envoy adds it to the backend's answer, before any filter sees that.
    const own = affinityCookieName(policies);
    const values = struct({
      ...Object.fromEntries(data),
      ...(own !== undefined && { ownCookie: `${own}=` }),
    });
    out.metadata = {
      ...out.metadata,
      filterMetadata: { ...out.metadata?.filterMetadata, [FILTER]: values },
    };
    out.typedPerFilterConfig = {
      ...out.typedPerFilterConfig,
      [FILTER]: any("envoy.extensions.filters.http.lua.v3.LuaPerRoute", { name: "rewrite" }),
    };
  },
});

function pairType(what: string, part: RegExp): ValueType<Pair | "off"> {
  const expected = `off, or two ${what}s with a blank between them, without variables and regular expressions`;
  return {
    expected,
    schema: { type: "string" },
    parse: (text) => {
      if (text === "off") return ok("off");
      const [from = "", to = "", ...more] = text.split(/\s+/);
      return more.length === 0 && part.test(from) && part.test(to) ? ok({ from, to }) : bad(expected);
    },
  };
}

function redirectPair(
  from: string | undefined,
  to: string | undefined,
  { isSet, report }: ParseContext,
): Pair | undefined {
  if (from === "off" || from === "default" || to === "off") return undefined;
  if (from !== undefined && to !== undefined) return { from, to };
  // One that is there and bad has been reported.
  const [alone, other] =
    from === undefined
      ? ["proxy-redirect-to", "proxy-redirect-from"]
      : ["proxy-redirect-from", "proxy-redirect-to"];
  if ((from ?? to) !== undefined && !isSet(other))
    report.note(alone, { code: "annotation-no-effect", message: `${alone} has no effect without ${other}.` });
  return undefined;
}

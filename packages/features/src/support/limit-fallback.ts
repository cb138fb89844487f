import {
  bad,
  enumType,
  type HttpUrl,
  httpUrlType,
  int,
  key,
  ok,
  type ParseContext,
  textType,
  type ValueType,
} from "@sluice/feature-api";
import type { LimitAnswer } from "./shared-limit.ts";

/** What the annotations behind `KEY-fallback-` say of requests that are over the limit of KEY. */
export type LimitFallback =
  | { readonly kind: "respond"; readonly status: number; readonly type: string; readonly body: string }
  | { readonly kind: "redirect"; readonly url: HttpUrl; readonly scheme: "own" | "request" };

const TYPES = { text: "text/plain; charset=UTF-8", json: "application/json; charset=UTF-8" } as const;
const DEFAULT_STATUS = 429;
const DEFAULT_BODY = "sentinel rate limited";
/** Bytes. It stands on each route of the Ingress. */
const MAX_BODY = 16 * 1024;

const NGINX = "ingress-nginx has no such annotation.";

interface Redirect {
  readonly url: HttpUrl;
  readonly scheme: "own" | "request";
}

const redirectType: ValueType<Redirect> = {
  expected: "an http or https URL without variables; without a scheme the request's counts",
  schema: { type: "string" },
  parse: (text) => {
    const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? "own" : "request";
    const parsed = httpUrlType.parse(scheme === "own" ? text : `http://${text}`);
    return parsed.ok ? ok({ url: parsed.value, scheme }) : bad(redirectType.expected);
  },
};

const bodyType = textType(`text of at most ${MAX_BODY} bytes`, (text) =>
  text.isWellFormed() && Buffer.byteLength(text) <= MAX_BODY
    ? undefined
    : `text of at most ${MAX_BODY} bytes`,
);

export function fallbackCode(limit: string) {
  return int(200, 599, {
    doc: `The status of what is over \`${limit}\`.`,
    example: "503",
    default: `${DEFAULT_STATUS}`,
    nginx: NGINX,
  });
}

export function fallbackBodyType(limit: string) {
  return key(enumType(["text", "json"], true), {
    doc: `What the body of an answer to what is over \`${limit}\` is: \`text\` is sent as \`${TYPES.text}\`, \`json\` as \`${TYPES.json}\`.`,
    example: "json",
    default: "text",
    nginx: NGINX,
  });
}

export function fallbackBody(limit: string) {
  return key(bodyType, {
    doc: `The body of an answer to what is over \`${limit}\`, up to 16 KiB; sent as it is.`,
    example: '{"error": "busy"}',
    default: `\`${DEFAULT_BODY}\``,
    nginx: NGINX,
  });
}

export function fallbackRedirect(limit: string) {
  return key(redirectType, {
    doc: `Where what is over \`${limit}\` is redirected to, with 302. Without a scheme that of the request counts. The keys of the response have no effect beside it.`,
    example: "https://example.com/busy",
    default: "no redirect",
    nginx: NGINX,
  });
}

/** The values of the four keys, without what they begin with. */
export interface FallbackValues {
  readonly code: number | undefined;
  readonly type: "text" | "json" | undefined;
  readonly body: string | undefined;
  readonly redirect: Redirect | undefined;
}

/**
 * What `limit-fallback-…` say; undefined: nothing, so that the default holds. Keys that have no effect, beside a redirect or
 * without a limit, are reported.
 */
export function limitFallback(
  limit: string,
  isLimited: boolean,
  { code, type, body, redirect }: FallbackValues,
  { isSet, report }: ParseContext,
): LimitFallback | undefined {
  const response = ["custom-response-code", "custom-response-body-type", "custom-response-body"];
  const unused = (endings: readonly string[], why: string): void => {
    for (const name of endings.map((ending) => `${limit}-fallback-${ending}`))
      if (isSet(name))
        report.note(name, { code: "annotation-no-effect", message: `${name} has no effect ${why}.` });
  };
  if (!isLimited) {
    unused([...response, "redirect-url"], `without ${limit}`);
    return undefined;
  }
  if (redirect !== undefined) {
    unused(response, `beside ${limit}-fallback-redirect-url`);
    return { kind: "redirect", ...redirect };
  }
  if (code === undefined && type === undefined && body === undefined) return undefined;
  return {
    kind: "respond",
    status: code ?? DEFAULT_STATUS,
    type: TYPES[type ?? "text"],
    body: body ?? DEFAULT_BODY,
  };
}

/** What is over the limit gets, in words for a sentence. */
export function refusalText(fallback: LimitFallback | undefined): string {
  if (fallback?.kind === "redirect") {
    const { url, scheme } = fallback;
    return `302 to ${scheme === "own" ? url.text : url.text.slice(url.text.indexOf("//"))}`;
  }
  return `${fallback?.status ?? DEFAULT_STATUS}`;
}

/** The same as data for the answering filter, on a route that takes http or https. */
export function limitAnswer(fallback: LimitFallback | undefined, https: boolean): LimitAnswer | undefined {
  if (fallback === undefined) return undefined;
  if (fallback.kind === "respond")
    return { status: `${fallback.status}`, type: fallback.type, body: fallback.body };
  const { url, scheme } = fallback;
  const rest = url.text.slice(url.text.indexOf("://"));
  const location = scheme === "own" ? url.text : `${https ? "https" : "http"}${rest}`;
  return { status: "302", location, body: "" };
}

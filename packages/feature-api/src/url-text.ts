import { bad, ok, type ValueType } from "./value-type.ts";

/** Lower-case label of the DNS, as names of Services and namespaces are. */
const LABEL = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
const LABEL_ONLY = new RegExp(`^${LABEL}$`);

/** True if the text can name a Service or a namespace. */
export function isObjectName(text: string): boolean {
  return LABEL_ONLY.test(text);
}

/** `[namespace/]name` as an annotation has it; the namespace is absent if the text has none. */
export interface ServiceName {
  readonly namespace?: string;
  readonly name: string;
}

/** A Service, in the Ingress's own namespace or another. */
export const serviceNameType: ValueType<ServiceName> = {
  expected: "[namespace/]service",
  schema: { type: "string", pattern: `^(?:${LABEL}/)?${LABEL}$` },
  parse: (text) => {
    const [name = "", namespace, ...more] = text.split("/").reverse();
    if (more.length > 0 || !isObjectName(name)) return bad(serviceNameType.expected);
    if (namespace === undefined) return ok({ name });
    return isObjectName(namespace) ? ok({ namespace, name }) : bad(serviceNameType.expected);
  },
};

/** `HOST[:PORT]`, an IPv6 address in brackets. Groups: host, port. */
const AUTHORITY = "(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9](?:[-A-Za-z0-9._]*[A-Za-z0-9])?)(?::([0-9]{1,5}))?";
const AUTHORITY_ONLY = new RegExp(`^${AUTHORITY}$`);

/** A host with or without a port, taken literally. */
export const authorityType: ValueType<string> = {
  expected: "a host, with a port if need be, as example.com:8080 (no variables)",
  schema: { type: "string", pattern: `^${AUTHORITY}$` },
  parse: (text) => {
    const found = AUTHORITY_ONLY.exec(text);
    return found !== null && isPort(found[2]) ? ok(text) : bad(authorityType.expected);
  },
};

/** An http(s) URL in parts. */
export interface HttpUrl {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port?: number;
  /** Path, query and fragment as written; may be empty or lack the path. Beyond ASCII percent-encoded. */
  readonly path: string;
  /** The whole URL as written, beyond ASCII percent-encoded. */
  readonly text: string;
}

const URL_TEXT = new RegExp(`^(https?)://${AUTHORITY}([/?#].*)?$`, "i");

/** An absolute http(s) URL without user, blanks and NGINX variables. */
export const httpUrlType: ValueType<HttpUrl> = {
  expected: "an http or https URL without variables",
  schema: { type: "string", pattern: "^[Hh][Tt][Tt][Pp][Ss]?://" },
  parse: (text) => {
    const clean = visible(text);
    const found = clean === undefined || clean.includes("$") ? null : URL_TEXT.exec(clean);
    if (clean === undefined || found === null || !isPort(found[3])) return bad(httpUrlType.expected);
    const [, scheme = "", host = "", port, rest = ""] = found;
    return ok({
      scheme: scheme.toLowerCase() === "https" ? "https" : "http",
      host,
      ...(port === undefined ? {} : { port: Number(port) }),
      path: rest,
      text: clean,
    });
  },
};

/** An absolute path without query, fragment, blanks and variables; beyond ASCII percent-encoded. */
export const pathType: ValueType<string> = {
  expected: "an absolute path without query, fragment, blanks and variables",
  schema: { type: "string", pattern: "^/" },
  parse: (text) => {
    const clean = visible(text);
    return clean?.startsWith("/") && !/[?#$]/.test(clean) ? ok(clean) : bad(pathType.expected);
  },
};

/** The text with what lies beyond ASCII percent-encoded; undefined if it has blanks or control characters. */
export function visible(text: string): string | undefined {
  if (!text.isWellFormed()) return undefined;
  const encoded = text.replaceAll(/[\u{a0}-\u{10ffff}]+/gu, encodeURI);
  return /^[\x21-\x7e]*$/.test(encoded) ? encoded : undefined;
}

function isPort(text: string | undefined): boolean {
  return text === undefined || (Number(text) >= 1 && Number(text) <= 65_535);
}

import { isHeaderText } from "./header-text.ts";
import { re2Problem } from "./re2.ts";
import { asRecord, listOf } from "./records.ts";
import type { MessageInfo } from "./registry.ts";
import { all, type Check, type Violation } from "./violation.ts";

/** What Envoy checks in a message besides its rules, or `undefined` when that is nothing. */
export function envoyChecks(info: MessageInfo): Check | undefined {
  return all([BY_TYPE[info.name], changesHeaders(info) ? checkProtectedHeaders : undefined]);
}

const checkRegexMatcher: Check = (message, out) => {
  const { regex } = asRecord(message);
  const problem = typeof regex === "string" ? re2Problem(regex) : undefined;
  if (problem !== undefined)
    out.push({ path: "regex", rule: "re2", message: `must be RE2 syntax: ${problem}` });
};

const checkHeaderValue: Check = (message, out) => {
  const { key, value } = asRecord(message);
  const named = typeof key === "string" && key !== "" && isHeaderText(key, "HTTP_HEADER_NAME", false);
  if (named && !isHeaderText(key, "HTTP_HEADER_NAME", true)) {
    out.push({ path: "key", rule: "header.name", message: "must be a valid header name" });
  }
  // NUL, CR and LF break a rule of the proto already.
  const reported = typeof value !== "string" || !isHeaderText(value, "HTTP_HEADER_VALUE", false);
  if (!reported && !isHeaderText(value, "HTTP_HEADER_VALUE", true)) {
    out.push({ path: "value", rule: "header.value", message: "must have no control characters" });
  }
};

/** The fields of virtual hosts, routes and the like by which headers are changed. */
const ADDED = ["requestHeadersToAdd", "responseHeadersToAdd"] as const;
const REMOVED = ["requestHeadersToRemove", "responseHeadersToRemove"] as const;

function changesHeaders(info: MessageInfo): boolean {
  return [...ADDED, ...REMOVED].some((name) => info.byName.has(name));
}

/** Envoy refuses a configuration that changes pseudo headers or `host` by these fields. */
const checkProtectedHeaders: Check = (message, out) => {
  const values = asRecord(message);
  for (const name of ADDED) {
    for (const [index, option] of listOf(values[name]).entries()) {
      if (isProtected(asRecord(asRecord(option).header).key))
        reportProtected(`${name}[${index}].header.key`, out);
    }
  }
  for (const name of REMOVED) {
    for (const [index, key] of listOf(values[name]).entries()) {
      if (isProtected(key)) reportProtected(`${name}[${index}]`, out);
    }
  }
};

function isProtected(key: unknown): boolean {
  return typeof key === "string" && (key.startsWith(":") || key.toLowerCase() === "host");
}

function reportProtected(path: string, out: Violation[]): void {
  out.push({
    path,
    rule: "header.protected",
    message: "must not be a pseudo header (with a colon in front) or host",
  });
}

const BY_TYPE: Readonly<Record<string, Check>> = {
  "envoy.type.matcher.v3.RegexMatcher": checkRegexMatcher,
  "xds.type.matcher.v3.RegexMatcher": checkRegexMatcher,
  "envoy.config.core.v3.HeaderValue": checkHeaderValue,
};

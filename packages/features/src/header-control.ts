import {
  defineFeature,
  escapeFormat,
  headerNameType,
  key,
  listType,
  type Report,
  raw,
  type Values,
} from "@sluice/feature-api";
import type { HeaderValueOption } from "@sluice/protos";
import { type HeaderField, headerLines } from "./support/header-lines.ts";

interface HeaderMutations {
  readonly remove: readonly string[];
  /** Written before `add`, so that both hold where they name one header. */
  readonly update: readonly HeaderField[];
  readonly add: readonly HeaderField[];
}

interface HeaderControlPolicy {
  readonly request: HeaderMutations;
  readonly response: HeaderMutations;
}

const LINES =
  "One `name value` pair a line, split at the first blank; a pair of quotes around either is dropped. The value is literal: `%` and `$` mean themselves. Host, names with a colon, content-length and transfer-encoding are refused.";
const NGINX = "ingress-nginx has no such annotation.";

const REMOVE = listType(headerNameType);

const KEYS = {
  "request-header-control-add": raw({
    doc: `Adds headers to the request before it goes to the backend; one that is there gets a further value. ${LINES}`,
    example: "x-team payments",
    default: "no header is added",
    nginx: NGINX,
  }),
  "request-header-control-update": raw({
    doc: `Sets headers of the request, in place of those that are there. ${LINES}`,
    example: 'x-version "v2"',
    default: "no header is set",
    nginx: NGINX,
  }),
  "request-header-control-remove": key(REMOVE, {
    doc: "Removes headers of the request, by name, before any are added or set. Comma-separated.",
    example: "x-debug, x-internal",
    default: "no header is removed",
    nginx: NGINX,
  }),
  "response-header-control-add": raw({
    doc: `Adds headers to the response; one that is there gets a further value. ${LINES}`,
    example: "x-served-by sluice",
    default: "no header is added",
    nginx: NGINX,
  }),
  "response-header-control-update": raw({
    doc: `Sets headers of the response, in place of those that are there. ${LINES}`,
    example: "cache-control no-store",
    default: "no header is set",
    nginx: NGINX,
  }),
  "response-header-control-remove": key(REMOVE, {
    doc: "Removes headers of the response, by name, before any are added or set. Comma-separated.",
    example: "x-powered-by",
    default: "no header is removed",
    nginx: NGINX,
  }),
};

/** Adding, setting and removing headers of requests and responses. */
export const headerControl = defineFeature({
  id: "header-control",
  title: "Header control",
  scope: "route",
  onInvalid: "ignore",
  perVariant: true,
  keys: KEYS,

  parse: (values, { report }): HeaderControlPolicy | undefined => {
    const policy = {
      request: mutations("request", values, report),
      response: mutations("response", values, report),
    };
    return isEmpty(policy.request) && isEmpty(policy.response) ? undefined : policy;
  },

  // Within one route Envoy removes before it adds, in both directions.
  route: (out, policy) => {
    if (policy === undefined) return;
    const { request, response } = policy;
    out.requestHeadersToRemove = joined(out.requestHeadersToRemove, request.remove);
    out.requestHeadersToAdd = joined(out.requestHeadersToAdd, headerOptions(request));
    out.responseHeadersToRemove = joined(out.responseHeadersToRemove, response.remove);
    out.responseHeadersToAdd = joined(out.responseHeadersToAdd, headerOptions(response));
  },
});

function mutations(
  side: "request" | "response",
  values: Values<typeof KEYS>,
  report: Report,
): HeaderMutations {
  const read = (name: keyof typeof KEYS, text: string | undefined): readonly HeaderField[] =>
    text === undefined ? [] : headerLines(name, text, report);
  return {
    remove: [...new Set(values[`${side}-header-control-remove`] ?? [])],
    update: read(`${side}-header-control-update`, values[`${side}-header-control-update`]),
    add: read(`${side}-header-control-add`, values[`${side}-header-control-add`]),
  };
}

function isEmpty({ remove, update, add }: HeaderMutations): boolean {
  return remove.length + update.length + add.length === 0;
}

function headerOptions({ update, add }: HeaderMutations): HeaderValueOption[] {
  return [
    ...update.map((field) => ({ ...option(field), appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" as const })),
    ...add.map(option),
  ];
}

/** Envoy drops a header whose value is empty unless told to keep it. */
function option({ name, value }: HeaderField): HeaderValueOption {
  return {
    header: { key: name, value: escapeFormat(value) },
    ...(value === "" ? { keepEmptyValue: true } : {}),
  };
}

/** Other features write header mutations too; what is not needed stays unset, since every byte of a route counts. */
function joined<T>(before: readonly T[] | undefined, more: readonly T[]): readonly T[] | undefined {
  return more.length === 0 ? before : [...(before ?? []), ...more];
}

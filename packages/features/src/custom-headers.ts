import {
  defineFeature,
  escapeFormat,
  headerNameType,
  isHeaderValue,
  type ParseContext,
  raw,
} from "@sluice/feature-api";
import type { Route } from "@sluice/protos";
import { FRAMING_HEADERS, type HeaderField, MAX_HEADER_FIELDS } from "./support/header-lines.ts";

const KEY = "custom-headers";

/** Headers that a ConfigMap sets on all answers. */
export const customHeaders = defineFeature({
  id: KEY,
  title: "Custom headers",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    [KEY]: raw({
      doc: "A ConfigMap, as `[namespace/]name`, whose data are headers to set on every answer of the rules, redirects included, in place of those that the backend sets. Values are literal. A name or value that cannot be used is skipped and reported. Other namespaces only if the operator allows it.",
      example: "response-headers",
      default: "none",
      nginx:
        "ingress-nginx admits only names that its operator has listed (global-allowed-response-headers); here every header may be set.",
    }),
  },
  parse: (values, context): readonly HeaderField[] | undefined => {
    const text = values[KEY];
    if (text === undefined) return undefined;
    const { found, fault } = context.references.configMap(text);
    if (found === undefined) {
      context.report.bad(KEY, fault ?? "a ConfigMap that exists");
      return undefined;
    }
    const fields = headerFields(found.data, context);
    return fields.length === 0 ? undefined : fields;
  },
  route: (out, fields) => {
    if (fields !== undefined) set(out, fields);
  },
  answers: (route, fields) => {
    if (fields === undefined) return [route];
    const out = { ...route };
    set(out, fields);
    return [out];
  },
});

function headerFields(
  data: Readonly<Record<string, string>>,
  { report }: ParseContext,
): readonly HeaderField[] {
  const fields = Object.entries(data).flatMap(([key, value]) => {
    const name = headerNameType.parse(key);
    const text = value.trim();
    if (name.ok && !FRAMING_HEADERS.has(name.value) && isHeaderValue(text))
      return [{ name: name.value, value: text }];
    report.note(KEY, {
      message: `The ConfigMap of ${KEY} has an entry that cannot be a header; it is skipped.`,
      value: key,
      expected:
        "the name of a header (not Host, content-length or transfer-encoding), and a value without control characters",
    });
    return [];
  });
  if (fields.length > MAX_HEADER_FIELDS)
    report.note(KEY, {
      message: `The ConfigMap of ${KEY} has more than ${MAX_HEADER_FIELDS} headers; those after them are ignored.`,
      expected: `at most ${MAX_HEADER_FIELDS} headers`,
    });
  return fields.slice(0, MAX_HEADER_FIELDS);
}

function set(out: Route, fields: readonly HeaderField[]): void {
  out.responseHeadersToAdd = [
    ...(out.responseHeadersToAdd ?? []),
    ...fields.map(({ name, value }) => ({
      header: { key: name, value: escapeFormat(value) },
      appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" as const,
      ...(value === "" ? { keepEmptyValue: true } : {}),
    })),
  ];
}

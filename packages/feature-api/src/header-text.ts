import { bad, ok, textType, type ValueType } from "./value-type.ts";

/** RFC 9110 `token`: what a header's name, a cookie's name and a method may hold. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** True if the text can stand as a header's value: no control characters, as Envoy's strict check demands. */
export function isHeaderValue(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text);
}

/** A header's name, in lower case as Envoy holds it. `Host` and names with a colon are refused: they are not plain headers. */
export const headerNameType: ValueType<string> = {
  expected: "a header name (letters, digits and - _ . among others; not Host)",
  schema: { type: "string", pattern: "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$" },
  parse: (text) =>
    isToken(text) && text.toLowerCase() !== "host" ? ok(text.toLowerCase()) : bad(headerNameType.expected),
};

/** A header's value as literal text. */
export const headerValueType: ValueType<string> = textType("text without control characters", (text) =>
  isHeaderValue(text) ? undefined : "text without control characters",
);

/** A literal as Envoy's header formatter wants it: `%` starts a command there, `%%` is a percent sign. */
export function escapeFormat(text: string): string {
  return text.replaceAll("%", "%%");
}

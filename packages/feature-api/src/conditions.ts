import type { Condition, TextMatch } from "@sluice/model";
import { isToken } from "./header-text.ts";
import { bad, ok, textType, type ValueType } from "./value-type.ts";

/** A header to look at, as conditions name it: in lower case, and `Host` as `:authority`, under which Envoy holds it. */
export const conditionHeaderType: ValueType<string> = {
  expected: "a header name (letters, digits and - _ . among others)",
  schema: { type: "string", pattern: "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$" },
  parse: (text) => {
    if (!isToken(text)) return bad(conditionHeaderType.expected);
    const name = text.toLowerCase();
    return ok(name === "host" ? ":authority" : name);
  },
};

/** A query parameter's name, at most 1,024 bytes. Compared with the query as sent, percent signs and all. */
export const queryNameType: ValueType<string> = textType("the name of a query parameter", (text) =>
  /^[^\s&=#\p{Cc}]+$/u.test(text) && text.isWellFormed() && Buffer.byteLength(text) <= 1024
    ? undefined
    : "the name of a query parameter (no blanks, no & = #)",
);

/** A cookie's name. */
export const cookieNameType: ValueType<string> = textType("a cookie name", (text) =>
  isToken(text) ? undefined : "a cookie name (letters, digits and - _ . among others)",
);

/** A condition that compares the whole text. */
export function isExactly(on: Condition["on"], name: string, value: string): Condition {
  return holds(on, name, { kind: "exact", value });
}

/** A condition by any match. */
export function holds(on: Condition["on"], name: string, match: TextMatch): Condition {
  return { on, name, match };
}

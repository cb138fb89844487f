import { describe, expect, test } from "vitest";
import { findValue, keySpan } from "./value-span.ts";

const TEXT = `metadata:
  annotations:
    k/plain: 300s
    k/quoted: "a b"
    'k/odd: key': true
    k/block: |
      x-a 1
      Host evil

      y
    k/next: y
spec:
  rules:
  - host: /a
    http:
      paths:
        - path: /ab
          pathType: Prefix
        - path: /
          backend: { service: { name: web, port: { number: 80 } } }
  tls: []
`.split("\n");

/** The place of a piece of text, as line:column-end. */
const at = (line: number, column: number, isItem: boolean, value: string) => {
  const span = findValue(TEXT, { line, column, isItem }, value);
  return span && `${span.line}:${span.column}-${span.endColumn}`;
};

describe("findValue", () => {
  test.each<[string, number, number, boolean, string, string | undefined]>([
    ["behind the key", 3, 5, false, "300s", "3:14-18"],
    ["in quotes", 4, 5, false, "a b", "4:16-19"],
    ["behind a quoted key", 5, 5, false, "true", "5:19-23"],
    ["not in the key", 5, 5, false, "key", undefined],
    ["a line of a block", 6, 5, false, "Host evil", "8:7-16"],
    ["after a blank line", 6, 5, false, "y", "10:7-8"],
    ["not in the next field", 3, 5, false, "y", undefined],
    ["not in a part of a word", 4, 5, false, "a", "4:16-17"],
    ["not in the middle of a path", 17, 11, true, "/a", undefined],
    ["in an item's other keys", 17, 11, true, "Prefix", "18:21-27"],
    ["not in the next item", 17, 11, true, "/", undefined],
    ["the whole path", 19, 11, true, "/", "19:17-18"],
    ["in flow style", 19, 11, true, "80", "20:60-62"],
    ["in a list at the key's own column", 13, 3, false, "/ab", "17:17-20"],
    ["not beyond the list", 13, 3, false, "[]", undefined],
    ["nothing", 3, 5, false, "", undefined],
    ["several lines", 6, 5, false, "x-a 1\nHost evil", undefined],
  ])("%s", (_, line, column, isItem, value, expected) => {
    expect(at(line, column, isItem, value)).toBe(expected);
  });
});

test.each([
  [3, 5, 12],
  [5, 5, 17],
  [19, 11, 15],
  [99, 1, 2],
])("the key at %i:%i ends before %i", (line, column, endColumn) => {
  expect(keySpan(TEXT, line, column)).toEqual({ line, column, endColumn });
});

import { expect, test } from "vitest";
import { bool, key, MAX_LONG_VALUE_LENGTH, MAX_VALUE_LENGTH, parseValue, raw } from "./keys.ts";
import { ok, textType } from "./value-type.ts";

const INFO = { doc: "Does something.", example: "x" };

test("a value within its length is what its type makes of it", () => {
  expect(parseValue(bool(INFO), "true")).toEqual({ ok: true, value: true });
  const long = "x".repeat(MAX_VALUE_LENGTH);
  expect(parseValue(raw(INFO), long)).toEqual({ ok: true, value: long });
});

test.each([
  ["by default", raw(INFO), MAX_VALUE_LENGTH],
  ["of its own", raw({ ...INFO, maxLength: MAX_LONG_VALUE_LENGTH }), MAX_LONG_VALUE_LENGTH],
])("a value beyond its length is bad: %s", (_, declared, limit) => {
  expect(parseValue(declared, "x".repeat(limit + 1))).toEqual({
    ok: false,
    expected: `at most ${limit} characters`,
  });
});

test("no parser sees a value that is too long", () => {
  const seen: number[] = [];
  const type = { ...textType("text"), parse: (text: string) => ok(`${seen.push(text.length)}`) };
  parseValue(key(type, INFO), "x".repeat(1_000_000));
  expect(seen).toEqual([]);
});

import { expect, test } from "vitest";
import { sizeType } from "./size.ts";

test.each([
  ["0", 0],
  ["10", 10],
  ["10b", 10],
  ["8k", 8192],
  ["8K", 8192],
  ["1m", 1_048_576],
  ["2G", 2_147_483_648],
])("%s is %d bytes", (text, bytes) => {
  expect(sizeType.parse(text)).toEqual({ ok: true, value: bytes });
});

test.each(["-1", "1.5m", "1mb", "1 m", "m", "1t", "999999999999999g", "1e3", "unlimited"])(
  "%j is none",
  (text) => {
    expect(sizeType.parse(text)).toMatchObject({ ok: false });
  },
);

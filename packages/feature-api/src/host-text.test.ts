import { expect, test } from "vitest";
import { hostName } from "./host-text.ts";

test.each([
  ["a.com", "a.com"],
  ["A.Com.", "a.com"],
  ["*.a.com", "*.a.com"],
  ["localhost", "localhost"],
])("%s is %s", (text, host) => expect(hostName(text)).toBe(host));

test.each([
  "",
  "*",
  "*.",
  "a..b",
  "a.com:80",
  "~^a",
  "*.*.com",
  "a.*.com",
  "-a.com",
  "é.com",
  "x".repeat(254),
])("%j is none", (text) => expect(hostName(text)).toBeUndefined());

import { expect, test } from "vitest";
import { isTrustedHost } from "./host-check.ts";

test.each([
  "127.0.0.1:15080",
  "127.0.0.1",
  "10.1.2.3:80",
  "localhost:15080",
  "LocalHost.",
  "debug.localhost:1",
  "[::1]:15080",
  "[::1]",
  "Gateway.Example:15080",
])("%s is trusted", (host) => {
  expect(isTrustedHost(host, "gateway.example")).toBe(true);
});

test.each([
  undefined,
  "",
  ":15080",
  "evil.example",
  "evil.example:15080",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "evillocalhost",
  "gateway.example.evil.example",
  "127.0.0.1@evil.example",
  "[evil.example]",
  "127.1",
  "2130706433",
])("%s is not", (host) => {
  expect(isTrustedHost(host, "gateway.example")).toBe(false);
});

import { expect, test } from "vitest";
import { parseAddress } from "./address.ts";

test.each([
  ["unix:/run/x.sock", { kind: "unix", path: "/run/x.sock" }],
  ["127.0.0.1:15000", { kind: "tcp", host: "127.0.0.1", port: 15000 }],
  ["control.example:1", { kind: "tcp", host: "control.example", port: 1 }],
  ["[::1]:65535", { kind: "tcp", host: "::1", port: 65535 }],
])("%s is an address", (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  "",
  "unix:",
  `unix:/${"x".repeat(107)}`,
  "15000",
  ":15000",
  "host",
  "host:0",
  "host:65536",
  "::1:80",
  "[host]:80",
  "a b:80",
])("%j is refused and quoted", (text) => {
  expect(() => parseAddress(text)).toThrow(
    expect.objectContaining({ code: "address-invalid", message: expect.stringContaining(`"${text}"`) }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authorityType, httpUrlType, pathType, serviceNameType, visible } from "./url-text.ts";

describe("an http URL", () => {
  test.each<[string, object]>([
    ["https://a.example", { scheme: "https", host: "a.example", path: "" }],
    ["HTTP://a_b:8080/x?y#z", { scheme: "http", host: "a_b", port: 8080, path: "/x?y#z" }],
    ["https://[2001:db8::1]:443?x", { scheme: "https", host: "[2001:db8::1]", port: 443, path: "?x" }],
    ["https://a/é", { scheme: "https", host: "a", path: "/%C3%A9" }],
  ])("%s", (text, parts) => {
    expect(httpUrlType.parse(text)).toEqual({ ok: true, value: { ...parts, text: visible(text) } });
  });

  test.each([
    "",
    "a.example",
    "//a",
    "ftp://a",
    "https://",
    "https://a:",
    "https://a:99999",
    "https://a@b/",
    "https://a/$x",
    "https://a/ b",
    "https://é/",
    "https://-a/",
  ])("not %o", (text) => {
    expect(httpUrlType.parse(text).ok).toBe(false);
  });
});

describe("a path", () => {
  test.each([
    ["/", "/"],
    ["/a/%20.b~", "/a/%20.b~"],
    ["/ä\u{1f600}", "/%C3%A4%F0%9F%98%80"],
  ])("%s", (text, value) => {
    expect(pathType.parse(text)).toEqual({ ok: true, value });
  });

  test.each(["a", "/a?b", "/a#b", "/$a", "/a b", "/\u0000", "/\u0085", "/\ud800"])("not %o", (text) => {
    expect(pathType.parse(text).ok).toBe(false);
  });
});

describe("a Service", () => {
  test.each<[string, object]>([
    ["web", { name: "web" }],
    ["shop/web-1", { namespace: "shop", name: "web-1" }],
  ])("%s", (text, value) => {
    expect(serviceNameType.parse(text)).toEqual({ ok: true, value });
  });

  test.each(["Web", "a/b/c", "/web", "web/", "web:80", "a_b", "a".repeat(64)])("not %o", (text) => {
    expect(serviceNameType.parse(text).ok).toBe(false);
  });
});

test("no text makes a type throw, and what passes is plain ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const type of [httpUrlType, pathType, authorityType, serviceNameType]) {
        const result = type.parse(text);
        if (result.ok) expect(JSON.stringify(result.value)).toMatch(/^[\x21-\x7e]*$/);
      }
    }),
  );
});

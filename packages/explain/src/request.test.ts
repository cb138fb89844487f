import { describe, expect, test } from "vitest";
import { readRequest } from "./request.ts";
import { get } from "./testing.ts";

describe("hosts", () => {
  test.each([
    ["x.a.com", "x.a.com"],
    ["X.A.com", "x.a.com"],
    ["x.a.com.", "x.a.com"],
    ["x.a.com..", "x.a.com."],
    ["x.a.com:81", "x.a.com"],
    ["x.a.com.:81", "x.a.com"],
    ["x.a.com:80:90", "x.a.com:80"],
    ["[::1]", "[::1]"],
    ["[::1]:80", "[::1]"],
    ["user:secret@x.a.com", "x.a.com"],
    ["münchen.example", "xn--mnchen-3ya.example"],
    ["münchen.example:8080", "xn--mnchen-3ya.example"],
  ])("%s is looked up as %s", (authority, host) => {
    expect(readRequest(get(`http://${authority}/`)).request?.host).toBe(host);
  });

  test("the authority keeps case and port, and loses its dot", () => {
    expect(readRequest(get("http://X.a.com.:81/")).request?.authority).toBe("X.a.com:81");
  });

  test("a Host header beats the URL", () => {
    expect(readRequest(get("http://10.0.0.1/", [["Host", "shop.com"]])).request?.host).toBe("shop.com");
  });
});

describe("paths and queries", () => {
  test.each([
    ["http://a", "/", undefined],
    ["http://a?x=1", "/", "x=1"],
    ["http://a/b?", "/b", ""],
    ["http://a/b?x=/../y//z?", "/b", "x=/../y//z?"],
    ["HTTPS://a/%41//b", "/A/b", undefined],
    ["http://a/é ü?q=ö", "/%C3%A9%20%C3%BC", "q=%C3%B6"],
  ])("%s has path %s and query %s", (url, path, query) => {
    const { request } = readRequest(get(url));
    expect([request?.path, request?.query]).toEqual([path, query]);
  });

  test("says so when it percent-encodes", () => {
    expect(readRequest(get("http://a/é")).notes).toHaveLength(1);
    expect(readRequest(get("http://a/%C3%A9")).notes).toEqual([]);
  });
});

describe("refusals", () => {
  test.each([
    ["http://a/b#c", "#"],
    ["http://a/b?c#", "#"],
    ["http://a/%00", "%00"],
    ["http://a b/", "host"],
    ["http://a^b/", "host"],
    ["http:///b", "no host"],
    ["http://a/\u0001", "control"],
    ["http://a/?\n", "control"],
    ["http://a/\ud800", "half a character"],
    ["ftp://a/", "http://HOST"],
    ["/path", "http://HOST"],
    ["", "http://HOST"],
  ])("%j is refused with 400", (url, word) => {
    const { refused, request } = readRequest(get(`${url}${url.endsWith("\n") ? "x" : ""}`));
    expect(refused?.status).toBe(400);
    expect(refused?.reason).toContain(word);
    expect(request).toBeUndefined();
  });

  test.each([
    ["bad name", "1"],
    ["x@", "1"],
    ["", "1"],
    [":path", "/"],
    ["x", "a\u0001b"],
    ["x", "a\r\nb: c"],
  ])("header %j: %j is refused", (name, value) => {
    expect(readRequest(get("http://a/", [[name, value]])).refused?.status).toBe(400);
  });

  test("methods: no token is refused, an unknown one noted, CONNECT finds no route", () => {
    expect(readRequest({ ...get("http://a/"), method: "G ET" }).refused?.status).toBe(400);
    expect(readRequest({ ...get("http://a/"), method: "CONNECT" }).refused?.status).toBe(404);
    const unknown = readRequest({ ...get("http://a/"), method: "get" });
    expect(unknown.request?.method).toBe("get");
    expect(unknown.notes[0]).toContain("HTTP/2 only");
  });
});

describe("headers", () => {
  const headersOf = (...headers: [string, string][]) =>
    readRequest(get("https://a/", headers)).request?.headers;

  test("names lose their case, values the blanks around them", () => {
    expect(headersOf(["X-Canary", " \talways "])).toMatchObject({ "x-canary": ["always"] });
  });

  test("repeated ones stay apart, but for those that Envoy joins", () => {
    expect(headersOf(["x", "a"], ["X", "b"], ["accept", "a"], ["Accept", "b"])).toMatchObject({
      x: ["a", "b"],
      accept: ["a,b"],
    });
  });

  test.each([
    ["x_y"],
    ["x-envoy-retry-on"],
    ["X-Real-IP"],
    ["X-Forwarded-Host"],
    ["ssl-client-verify"],
    ["Connection"],
    ["Keep-Alive"],
    ["Upgrade"],
    ["TE"],
  ])("%s is dropped", (name) => {
    const { request } = readRequest(get("http://a/", [[name, "1"]]));
    expect(request?.dropped.map((dropped) => dropped.name)).toEqual([name.toLowerCase()]);
    expect(request?.headers).not.toHaveProperty(name.toLowerCase());
  });

  test("what a proxy says is not believed unless proxies are trusted", () => {
    const asked = get("http://a/", [
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "b"],
      ["X-Forwarded-For", "1.2.3.4"],
      ["X-Request-ID", "me"],
    ]);
    const untrusted = readRequest(asked).request;
    expect(untrusted?.scheme).toBe("http");
    expect(untrusted?.headers).toEqual({
      "x-envoy-external-address": [""],
      "x-forwarded-for": [""],
      "x-forwarded-proto": ["http"],
      "x-original-forwarded-for": ["1.2.3.4"],
      "x-request-id": [""],
    });
    const trusted = readRequest(asked, { trustedHops: 1, keepRequestId: true }).request;
    expect(trusted?.scheme).toBe("https");
    expect(trusted?.headers).toMatchObject({
      "x-forwarded-proto": ["https"],
      "x-forwarded-host": ["b"],
      "x-request-id": ["me"],
    });
  });

  test("an upgrade keeps its headers", () => {
    const headers = headersOf(["Connection", "Upgrade"], ["Upgrade", "websocket"]);
    expect(headers).toMatchObject({ upgrade: ["websocket"] });
  });

  test("a header may have any name that is a token", () => {
    expect(Object.hasOwn(headersOf(["constructor", "a"]) ?? {}, "constructor")).toBe(true);
  });
});

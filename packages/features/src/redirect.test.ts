import { describe, expect, test } from "vitest";
import { redirect } from "./redirect.ts";
import { draft, parse } from "./testing/feature-bench.ts";

const answerOf = (annotations: Record<string, string>) => {
  const { policy, found } = parse(redirect, annotations);
  return { answer: policy === undefined ? undefined : draft(redirect, policy).draft.answer, found };
};

describe("temporal-redirect and permanent-redirect", () => {
  const to = { kind: "redirect", scheme: "https", host: "e.com", path: "/x", stripQuery: true };
  test.each<[string, Record<string, string>, object]>([
    ["temporal", { "temporal-redirect": "https://e.com/x" }, { ...to, status: 302 }],
    ["permanent", { "permanent-redirect": "https://e.com/x" }, { ...to, status: 301 }],
    [
      "temporal before permanent",
      { "temporal-redirect": "https://e.com/x", "temporal-redirect-code": "307" },
      { ...to, status: 307 },
    ],
    [
      "permanent with a code",
      { "permanent-redirect": "https://e.com/x", "permanent-redirect-code": "308" },
      { ...to, status: 308 },
    ],
    [
      "port, query and fragment as written",
      { "permanent-redirect": "http://e.com:8080/x?a=%20#b" },
      { ...to, status: 301, scheme: "http", port: 8080, path: "/x?a=%20#b" },
    ],
    ["an IPv6 address", { "permanent-redirect": "https://[::1]/x" }, { ...to, status: 301, host: "[::1]" }],
    [
      "text beyond ASCII, encoded",
      { "permanent-redirect": "https://e.com/é" },
      { ...to, status: 301, path: "/%C3%A9" },
    ],
  ])("%s", (_, annotations, answer) => {
    expect(answerOf(annotations)).toEqual({ answer, found: [] });
  });

  test.each<[string, Record<string, string>, number, string]>([
    [
      "300",
      { "temporal-redirect": "https://e.com/x", "temporal-redirect-code": "300" },
      300,
      "https://e.com/x",
    ],
    [
      "304",
      { "permanent-redirect": "https://e.com/x", "permanent-redirect-code": "304" },
      304,
      "https://e.com/x",
    ],
    ["a URL without path", { "permanent-redirect": "https://e.com" }, 301, "https://e.com"],
    ["a URL with a query alone", { "permanent-redirect": "https://e.com?a=1" }, 301, "https://e.com?a=1"],
    [
      "relative",
      { "permanent-redirect": "https://e.com/x?y=1", "relative-redirects": "true" },
      301,
      "/x?y=1",
    ],
    [
      "relative without path",
      { "temporal-redirect": "https://e.com", "relative-redirects": "true" },
      302,
      "/",
    ],
  ])("what Envoy's redirect cannot say: %s", (_, annotations, status, location) => {
    const { answer, found } = answerOf(annotations);
    expect(answer).toMatchObject({ kind: "respond", status, headers: { location } });
    expect(found).toEqual([]);
  });

  test("temporal wins over permanent, which is reported", () => {
    const both = { "temporal-redirect": "https://e.com/t", "permanent-redirect": "https://e.com/p" };
    expect(answerOf(both)).toMatchObject({
      answer: { status: 302, path: "/t" },
      found: ["annotation-no-effect permanent-redirect"],
    });
  });

  test.each<[string, string, number]>([
    ["temporal", "299", 302],
    ["temporal", "308", 302],
    ["temporal", "abc", 302],
    ["permanent", "299", 301],
    ["permanent", "309", 301],
  ])("%s-redirect-code %s is reported; the default holds", (kind, code, status) => {
    const name = `${kind}-redirect-code`;
    const { answer, found } = answerOf({ [`${kind}-redirect`]: "https://e.com/x", [name]: code });
    expect(answer).toMatchObject({ status });
    expect(found).toEqual([`annotation-value ${name}`]);
  });

  test.each([
    "/x",
    "ftp://e.com/",
    "e.com/x",
    "https://",
    "https:///x",
    "https://$host/x",
    "https://e.com$request_uri",
    "https://e.com/a b",
    "https://e.com/\nx",
    "https://user@e.com/",
    "https://e.com:0/",
    "https://e.com:65536/",
    "https://e com/",
    "javascript:alert(1)",
  ])("%o is no URL to redirect to: reported, no redirect", (url) => {
    expect(answerOf({ "temporal-redirect": url })).toEqual({
      answer: undefined,
      found: ["annotation-value temporal-redirect"],
    });
  });

  test("a code without its redirect has no effect", () => {
    expect(answerOf({ "temporal-redirect-code": "307", "permanent-redirect-code": "308" }).found).toEqual([
      "annotation-no-effect temporal-redirect-code",
      "annotation-no-effect permanent-redirect-code",
    ]);
  });
});

describe("the redirect to https", () => {
  const toHttps = { kind: "redirect", status: 308, scheme: "https" };
  const hook = (annotations: Record<string, string>, context: object) =>
    redirect.httpRedirect?.(parse(redirect, annotations).policy, {
      hostHasCertificate: false,
      rulePath: "/",
      defaultRedirect: true,
      ...context,
    });

  test.each<[string, Record<string, string>, object, boolean]>([
    ["unset, certificate", {}, { hostHasCertificate: true }, true],
    ["unset, no certificate", {}, {}, false],
    ["unset, gateway says no", {}, { hostHasCertificate: true, defaultRedirect: false }, false],
    ["true, no certificate", { "ssl-redirect": "true" }, {}, true],
    ["true, gateway says no", { "ssl-redirect": "true" }, { defaultRedirect: false }, true],
    ["false, certificate", { "ssl-redirect": "false" }, { hostHasCertificate: true }, false],
    ["forced, no certificate", { "force-ssl-redirect": "true" }, {}, true],
    ["forced beats false", { "force-ssl-redirect": "true", "ssl-redirect": "false" }, {}, true],
    ["force false says nothing", { "force-ssl-redirect": "false" }, { hostHasCertificate: true }, true],
    ["a bad value says nothing", { "ssl-redirect": "yes" }, {}, false],
    ["an ACME challenge", {}, { hostHasCertificate: true, rulePath: "/.well-known/acme-challenge/x" }, false],
    [
      "an ACME challenge, forced",
      { "force-ssl-redirect": "true" },
      { rulePath: "/.well-known/acme-challenge" },
      false,
    ],
    [
      "a redirect of one's own",
      { "force-ssl-redirect": "true", "temporal-redirect": "http://e.com/" },
      {},
      false,
    ],
  ])("%s", (_, annotations, context, redirects) => {
    expect(hook(annotations, context)).toEqual(redirects ? toHttps : undefined);
  });

  test("names the port of https on demand, unless it is the usual one", () => {
    const annotations = { "ssl-redirect": "true", "use-port-in-redirects": "true" };
    expect(hook(annotations, { httpsPort: 8443 })).toEqual({ ...toHttps, port: 8443 });
    expect(hook(annotations, { httpsPort: 443 })).toEqual(toHttps);
    expect(hook(annotations, {})).toEqual(toHttps);
    expect(hook({ "ssl-redirect": "true" }, { httpsPort: 8443 })).toEqual(toHttps);
  });

  test("a slash that is not to be kept is kept, for information", () => {
    const { diagnostics } = parse(redirect, { "preserve-trailing-slash": "false" });
    expect(diagnostics).toMatchObject([{ code: "annotation-no-effect", severity: "info" }]);
    expect(parse(redirect, { "preserve-trailing-slash": "true" }).diagnostics).toEqual([]);
  });
});

test.each([
  ["temporal-redirect", "example.com"],
  ["permanent-redirect", "ftp://example.com/"],
  ["permanent-redirect", "https://$host/"],
  ["force-ssl-redirect", "yes"],
  ["relative-redirects", "on"],
  ["use-port-in-redirects", "8443"],
])("%s: %s is reported, and answers nothing", (name, value) => {
  expect(answerOf({ [name]: value })).toEqual({ answer: undefined, found: [`annotation-value ${name}`] });
});

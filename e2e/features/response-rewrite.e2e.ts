import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  domain: { "proxy-cookie-domain": "old.example new.example" },
  path: { "proxy-cookie-path": "/app/ /" },
  cookies: { "proxy-cookie-domain": ".old.example new.example", "proxy-cookie-path": "/a%b.c /[x]%1" },
  redirect: {
    "proxy-redirect-from": "http://old.example:8080/a/",
    "proxy-redirect-to": "https://new.example/",
  },
  off: { "proxy-cookie-domain": "off", "proxy-cookie-path": "off", "proxy-redirect-from": "off" },
  "to-off": { "proxy-redirect-from": "/a", "proxy-redirect-to": "off" },
  alone: { "proxy-redirect-from": "/a" },
};

const BAD: readonly [key: string, value: string][] = [
  ["proxy-cookie-domain", "old.example"],
  ["proxy-cookie-domain", "~old.example new.example"],
  ["proxy-cookie-path", "/app/ /$1"],
  ["proxy-redirect-from", "~^/app"],
  ["proxy-redirect-to", "$scheme://new.example/"],
];

const shared = useGateway({
  backends: ["echo", "sticky"],
  objects: () => [
    ...Object.entries(HOSTS).map(([name, annotations]) =>
      ingress({ name, host: `${name}.example.com`, annotations }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
    ),
    ingress({
      name: "sticky",
      host: "sticky.example.com",
      annotations: { "proxy-cookie-path": "/ /app/", "session-cookie-name": "STICKY" },
      paths: [{ path: "/", service: "sticky" }],
    }),
  ],
});

/** What the client gets of headers of the backend's answer. */
async function through(name: string, headers: readonly string[]) {
  return (await shared.send({ host: `${name}.example.com`, headers: { "x-echo-header": headers } })).headers;
}

const cookies = async (name: string, ...values: readonly string[]) =>
  (
    await through(
      name,
      values.map((value) => `Set-Cookie: ${value}`),
    )
  )["set-cookie"];

describe("proxy-cookie-domain and -path", () => {
  it.each([
    ["domain", "a=1; Domain=old.example; Path=/", "a=1; Domain=new.example; Path=/"],
    ["domain", "a=1;domain=.OLD.example;HttpOnly", "a=1;domain=new.example;HttpOnly"],
    ["domain", "a=domain=old.example; Secure", "a=domain=old.example; Secure"],
    ["domain", "domain=old.example", "domain=old.example"],
    ["domain", "a=1; Domain=sub.old.example", "a=1; Domain=sub.old.example"],
    ["domain", "a=1; Domain=oldxexample", "a=1; Domain=oldxexample"],
    ["path", "a=1; Path=/app/x/app/; Domain=old.example", "a=1; Path=/x/app/; Domain=old.example"],
    ["path", "a=1; path=/app", "a=1; path=/app"],
    ["path", "a=1; Path=/x/app/", "a=1; Path=/x/app/"],
    ["path", "a=1; Path=/APP/x", "a=1; Path=/APP/x"],
    ["cookies", "a=1; Path=/a%b.cd; Domain=old.example", "a=1; Path=/[x]%1d; Domain=new.example"],
    ["cookies", "a=1; Path=/a%bxc", "a=1; Path=/a%bxc"],
    ["off", "a=1; Domain=old.example; Path=/app/", "a=1; Domain=old.example; Path=/app/"],
  ])("%s: %s becomes %s", async (name, before, after) => {
    expect(await cookies(name, before)).toEqual([after]);
  });

  it("each of several cookies, in their order", async () => {
    const all = ["a=1; Domain=old.example", "b=2", "c=3; domain=old.example; Max-Age=5"];
    expect(await cookies("domain", ...all)).toEqual([
      "a=1; Domain=new.example",
      "b=2",
      "c=3; domain=new.example; Max-Age=5",
    ]);
  });

  it("not the gateway's own, which keeps a client at an endpoint", async () => {
    const found = await cookies("sticky", "a=1; Path=/");
    expect(found).toEqual(["a=1; Path=/app/", expect.stringMatching(/^STICKY=[^;]+; Path=\/; HttpOnly$/)]);
  });

  it("an answer without cookies is as it was", async () => {
    const headers = await through("cookies", ["X-A: b"]);
    expect([headers["x-a"], headers["set-cookie"]]).toEqual(["b", undefined]);
  });
});

describe("proxy-redirect-from and -to", () => {
  it.each([
    ["redirect", "Location", "http://old.example:8080/a/b?c", "https://new.example/b?c"],
    ["redirect", "Location", "http://old.example:8080/b", "http://old.example:8080/b"],
    ["redirect", "Location", "/x?u=http://old.example:8080/a/", "/x?u=http://old.example:8080/a/"],
    ["redirect", "Refresh", "5; url=http://old.example:8080/a/b", "5; url=https://new.example/b"],
    ["redirect", "Refresh", "5; URL=http://old.example:8080/a/", "5; URL=https://new.example/"],
    ["redirect", "Refresh", "5", "5"],
    ["off", "Location", "http://old.example:8080/a/b", "http://old.example:8080/a/b"],
    ["to-off", "Location", "/a/b", "/a/b"],
    ["alone", "Location", "/a/b", "/a/b"],
  ])("%s: %s %s becomes %s", async (name, header, before, after) => {
    expect((await through(name, [`${header}: ${before}`]))[header.toLowerCase()]).toBe(after);
  });

  it("one without the other is reported", () => {
    expect(shared.diagnostics("alone")).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/proxy-redirect-from" },
    ]);
  });
});

describe("bad values are ignored and reported", () => {
  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    const cookie = "a=1; Domain=old.example; Path=/app/";
    expect(await cookies(`bad${n}`, cookie)).toEqual([cookie]);
    expect((await through(`bad${n}`, ["Location: /app/x"])).location).toBe("/app/x");
  });
});

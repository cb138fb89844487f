import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModelGateway, startModelGateway } from "./gateway.ts";
import { answer, condition, forward, host, prefix, route } from "./models.ts";

/** What requests get through a real Envoy, and what backends see of them: the translation without Ingresses and features. */

const TO_HTTPS = { kind: "redirect", status: 308, scheme: "https" } as const;

const exact = (value: string) => ({ kind: "exact", value }) as const;

const MATCHING = [
  route("cookie", prefix("/cookie"), answer("yes"), [condition("cookie", "can", exact("al.ways"))]),
  route("no-cookie", prefix("/no-cookie"), answer("yes"), [
    condition("cookie", "can", { kind: "present" }, true),
  ]),
  route("query", prefix("/query"), answer("yes"), [condition("query", "q", exact("1"))]),
  route("no-query", prefix("/no-query"), answer("yes"), [condition("query", "q", exact("1"), true)]),
  route("no-header", prefix("/no-header"), answer("yes"), [condition("header", "x-a", exact("1"), true)]),
  route("absent", prefix("/absent"), answer("yes"), [condition("header", "x-a", { kind: "present" }, true)]),
  route("anywhere", prefix("/anywhere"), answer("yes"), [
    condition("header", "x-a", { kind: "regex", value: "b+|zz", anywhere: true }),
  ]),
  route("forged", prefix("/forged"), answer("yes"), [condition("header", "x-forwarded-host", exact("evil"))]),
  route("regex", { kind: "regex", value: "/rx/a|/rx/b" }, answer("yes")),
  route("end", { kind: "regex", value: "/END/\\d+$", ignoreCase: true }, answer("yes")),
  route("whole", { kind: "regex", value: "/whole/[a-z]", whole: true }, answer("yes")),
  route("case", prefix("/Case", true), answer("yes")),
  route("exact", { kind: "exact", value: "/exact", ignoreCase: true }, answer("yes")),
  route("rest", prefix("/"), answer("no")),
];

const REDIRECTS = [
  route("other", prefix("/other"), { kind: "redirect", status: 303, path: "/new?x=1" }),
  route("full", prefix("/full"), {
    kind: "redirect",
    status: 302,
    scheme: "https",
    host: "o.test",
    port: 444,
    path: "/z",
  }),
  route("keep", prefix("/keep"), { kind: "redirect", status: 301, scheme: "https", keepPort: true }),
  route("strip", prefix("/strip"), { kind: "redirect", status: 307, scheme: "https", stripQuery: true }),
];

const HOSTS = [
  host("plain.test", [route("plain", prefix("/"), forward)]),
  host("match.test", MATCHING),
  host("redirect.test", REDIRECTS),
  host("tls.test", [route("tls", prefix("/"), forward, [], { httpAction: TO_HTTPS })], "shop/tls"),
  host("*.wild.test", [route("wild", prefix("/"), forward, [], { httpAction: TO_HTTPS })], "shop/wild"),
  host("*", [
    route("half", prefix("/half"), answer("half"), [], { below: 500_000 }),
    route(
      "answer",
      prefix("/answer"),
      answer("{}", { headers: { "content-type": "application/json", "x-share": "100%" } }),
    ),
    route("any", prefix("/"), answer("any"), [], { httpAction: TO_HTTPS }),
  ]),
];

let gateway: ModelGateway;
beforeAll(async () => {
  const hsts = { maxAge: 60, includeSubDomains: false, preload: false };
  gateway = await startModelGateway({ hosts: HOSTS, settings: { hsts } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe("what a backend sees", () => {
  test("of a client that lies about itself", async () => {
    const { request, httpPort } = gateway;
    const response = await request({
      host: `plain.test:${httpPort}`,
      path: "//a/./b/../c%2Fd?x=1",
      headers: {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil",
        "X-Forwarded-Prefix": "/p",
        "X-Forwarded-Proto": "https",
        "X-Original-Forwarded-For": "forged",
        "X-Real-IP": "1.1.1.1",
        "X-Request-ID": "mine",
        "X-Scheme": "ftp",
        "x-envoy-upstream-rq-timeout-ms": "1",
        Proxy: "http://evil",
        "ssl-client-verify": "SUCCESS",
        "SSL-Client-Whatever": "x",
        under_score: "1",
        "x-kept": "1",
      },
    });
    const { headers, path } = response.seen();
    expect(path).toBe("/a/c%2Fd?x=1");
    expect(headers).toEqual({
      host: `plain.test:${httpPort}`,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": `plain.test:${httpPort}`,
      "x-forwarded-port": `${httpPort}`,
      "x-forwarded-proto": "http",
      "x-forwarded-scheme": "http",
      "x-kept": "1",
      "x-original-forwarded-for": "6.6.6.6",
      "x-real-ip": "127.0.0.1",
      "x-request-id": expect.not.stringContaining("mine"),
      "x-scheme": "http",
    });
  });

  test("without a proxy before it there is no original address", async () => {
    const headers = { "X-Original-Forwarded-For": "forged" };
    const response = await gateway.request({ host: "plain.test", headers });
    expect(response.seen().headers).not.toHaveProperty("x-original-forwarded-for");
  });

  test("over https", async () => {
    const response = await gateway.request({ host: "tls.test", https: true });
    expect(response.seen().headers).toMatchObject({
      "x-forwarded-port": `${gateway.httpsPort}`,
      "x-forwarded-proto": "https",
      "x-scheme": "https",
    });
    expect(response.headers["strict-transport-security"]).toBe("max-age=60");
    expect(Object.keys(response.headers).filter((name) => /^x-envoy|^server$/.test(name))).toEqual([]);
  });

  test("of a trusted proxy's request, which counts as https if the proxy says so", async () => {
    await using trusting = await startModelGateway({ hosts: HOSTS, settings: { trustedHops: 1 } });
    const headers = {
      "X-Forwarded-For": "6.6.6.6, 9.9.9.9",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Port": "444",
    };
    const response = await trusting.request({ host: "tls.test", headers });
    expect(response.seen().headers).toMatchObject({
      "x-forwarded-for": "9.9.9.9",
      "x-forwarded-port": "444",
      "x-forwarded-proto": "https",
      "x-original-forwarded-for": "6.6.6.6, 9.9.9.9",
      "x-real-ip": "9.9.9.9",
      "x-scheme": "https",
    });
    expect((await trusting.request({ host: "tls.test" })).status).toBe(308);
  });
});

describe("hosts and protocols", () => {
  test.each(["plain.test.", "PLAIN.test", "plain.test:1234"])("%s is plain.test", async (name) => {
    expect((await gateway.request({ host: name })).seen().backend).toBe("echo");
  });

  test("a path with a fragment is refused", async () => {
    expect(await raw("GET /a#b HTTP/1.1\r\nHost: plain.test\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1.1 400/,
    );
  });

  test("HTTP/1.0 is served", async () => {
    expect(await raw("GET / HTTP/1.0\r\nHost: plain.test\r\n\r\n")).toMatch(/^HTTP\/1.0 200/);
  });

  test("a protocol is negotiated", async () => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const ALPNProtocols = ["h2", "http/1.1"];
    const options = { port: gateway.httpsPort, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols };
    const socket = connectTls({ ...options, servername: "tls.test" }, () => {
      resolve([socket.alpnProtocol, socket.getPeerCertificate().subject.CN]);
      socket.destroy();
    });
    socket.on("error", reject);
    expect(await promise).toEqual(["h2", "tls.test"]);
  });
});

describe("TLS", () => {
  test("a host that is not on the certificate of the connection is misdirected", async () => {
    const response = await gateway.request({ host: "a.wild.test", servername: "tls.test", https: true });
    expect(response.status).toBe(421);
  });

  test.each(["", "unknown.test"])(
    "with SNI %j the default certificate serves all hosts",
    async (servername) => {
      const response = await gateway.request({ host: "tls.test", servername, https: true });
      expect(response.seen().backend).toBe("echo");
    },
  );

  test("a wildcard has a certificate", async () => {
    const response = await gateway.request({ host: "a.wild.test", https: true });
    expect(response.seen().backend).toBe("echo");
  });
});

describe("matching", () => {
  test.each<[path: string, headers: Record<string, string | string[]>, expected: "yes" | "no"]>([
    ["/cookie", { Cookie: "a=b; can=al.ways" }, "yes"],
    ["/cookie", { Cookie: ["z=1", "can=al.ways"] }, "yes"],
    ["/cookie", { Cookie: "xcan=al.ways" }, "no"],
    ["/cookie", { Cookie: "can=alxways" }, "no"],
    ["/no-cookie", {}, "yes"],
    ["/no-cookie", { Cookie: "a=1" }, "yes"],
    ["/no-cookie", { Cookie: "can=1" }, "no"],
    ["/query?a=2&q=1", {}, "yes"],
    ["/query?q=12", {}, "no"],
    ["/no-query", {}, "yes"],
    ["/no-query?q=12", {}, "yes"],
    ["/no-query?a=2&q=1", {}, "no"],
    ["/no-header", {}, "yes"],
    ["/no-header", { "x-a": "2" }, "yes"],
    ["/no-header", { "x-a": "1" }, "no"],
    ["/absent", {}, "yes"],
    ["/absent", { "x-a": "" }, "no"],
    ["/anywhere", { "x-a": "abbc" }, "yes"],
    ["/anywhere", { "x-a": "ac" }, "no"],
    ["/forged", { "X-Forwarded-Host": "evil" }, "no"],
    ["/rx/a", {}, "yes"],
    ["/rx/bcd?e", {}, "yes"],
    ["/z/rx/a", {}, "no"],
    ["/end/12", {}, "yes"],
    ["/end/12?x", {}, "yes"],
    ["/end/12x", {}, "no"],
    ["/whole/a", {}, "yes"],
    ["/whole/ab", {}, "no"],
    ["/cASE/x", {}, "yes"],
    ["/cASEx", {}, "no"],
    ["/EXACT", {}, "yes"],
    ["/exact/", {}, "no"],
  ])("%s with %j: %s", async (path, headers, expected) => {
    expect((await gateway.request({ host: "match.test", path, headers })).body).toBe(expected);
  });

  test("a share of requests", async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => gateway.request({ host: "other.test", path: "/half", headers: {} })),
    );
    const half = answers.filter(({ body }) => body === "half").length;
    // Eight standard deviations: 1 in 10^15 runs is outside by chance.
    expect(half).toBeGreaterThan(10);
    expect(half).toBeLessThan(90);
  });
});

describe("the gateway's own answers", () => {
  test.each([
    ["redirect.test", "/other?q=1", 303, "http://redirect.test/new?x=1"],
    ["redirect.test", "/full?q=1", 302, "https://o.test:444/z"],
    ["redirect.test:81", "/keep?q=1", 301, "https://redirect.test:81/keep?q=1"],
    ["redirect.test:81", "/strip?q=1", 307, "https://redirect.test/strip"],
    ["tls.test:81", "/x?y=1", 308, "https://tls.test/x?y=1"],
    ["a.wild.test", "/x?y=1", 308, "https://a.wild.test/x?y=1"],
    ["a.wild.test:81", "/x?y=1", 308, "https://a.wild.test/x?y=1"],
    ["any.test", "/", 308, "https://any.test/"],
  ])("%s%s is sent on by %d to %s", async (name, path, status, location) => {
    const response = await gateway.request({ host: name, path });
    expect([response.status, response.headers.location]).toEqual([status, location]);
  });

  test("headers and body", async () => {
    const { body, headers } = await gateway.request({ host: "any.test", path: "/answer" });
    expect([body, headers["content-type"], headers["x-share"]]).toEqual(["{}", "application/json", "100%"]);
  });
});

test("a node that speaks the state of the world serves the same hosts", async () => {
  await using inline = await startModelGateway({ hosts: HOSTS, stateOfTheWorld: true });
  expect((await inline.request({ host: "plain.test" })).seen().backend).toBe("echo");
  expect((await inline.request({ host: "tls.test", https: true })).seen().backend).toBe("echo");
  expect((await inline.request({ host: "a.wild.test", servername: "tls.test", https: true })).status).toBe(
    421,
  );
});

/** Sends bytes to the HTTP port and resolves with all that comes back until the connection closes. */
function raw(text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connectTcp(gateway.httpPort, "127.0.0.1", () => socket.write(text));
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.on("close", () => resolve(received));
  socket.on("error", reject);
  return promise;
}

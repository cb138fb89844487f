import type { ClientHttp2Session } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selfSigned } from "../support/certificate.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, tlsSecret } from "../support/manifests.ts";
import { sendRaw } from "../support/raw.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOST = "web.example.com";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const shared = useGateway({
  backends: ["echo"],
  objects: async () => [
    tlsSecret("tls", await selfSigned([HOST])),
    ingress({
      name: "web",
      host: HOST,
      tls: [{ hosts: [HOST], secretName: "tls" }],
      annotations: { "ssl-redirect": "false" },
    }),
    ingress({
      name: "admin",
      host: HOST,
      annotations: { "ssl-redirect": "false" },
      paths: [
        { path: "/admin", service: "nobody" },
        { path: "/中文", service: "nobody" },
      ],
    }),
  ],
});

let http2: ClientHttp2Session;
beforeAll(() => {
  http2 = http2Session({ port: shared.gateway.httpsPort, servername: HOST });
});
afterAll(() => http2?.destroy());

/** Headers as the backend saw them, of a request by any protocol. */
const VIA: Readonly<
  Record<string, (headers: Record<string, string>) => Promise<Readonly<Record<string, string>>>>
> = {
  http: async (headers) => (await shared.send({ host: HOST, headers })).seen().headers,
  https: async (headers) => (await shared.send({ host: HOST, headers, https: true })).seen().headers,
  "HTTP/2": async (headers) => {
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const answer = await http2Request(http2, { ":path": "/", ":authority": HOST, ...lower });
    return answer.seen().headers;
  },
};

const HOSTILE = {
  "X-Forwarded-For": "6.6.6.6",
  "X-Forwarded-Host": "evil.example.com",
  "X-Forwarded-Port": "1",
  "X-Forwarded-Proto": "gopher",
  "X-Forwarded-Scheme": "gopher",
  "X-Forwarded-Prefix": "/evil",
  "X-Real-IP": "6.6.6.6",
  "X-Scheme": "gopher",
  "X-Original-Forwarded-For": "7.7.7.7",
  "X-Request-ID": "forged",
  Proxy: "http://evil.example.com",
  "ssl-client-verify": "SUCCESS",
  "ssl-client-subject-dn": "CN=admin",
  "ssl-client-issuer-dn": "CN=root",
  "ssl-client-cert": "-----BEGIN",
  "SSL-Client-Anything": "x",
  under_score: "1",
  X_FORWARDED_FOR: "6.6.6.6",
  "x-kept": "yes",
};

describe.each(Object.entries(VIA))("headers by %s", (protocol, headersOf) => {
  it("what a client says of itself is replaced or removed", async () => {
    const scheme = protocol === "http" ? "http" : "https";
    const port = protocol === "http" ? shared.gateway.httpPort : shared.gateway.httpsPort;
    const seen = await headersOf(HOSTILE);
    expect(seen).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": HOST,
      "x-forwarded-port": `${port}`,
      "x-forwarded-proto": scheme,
      "x-forwarded-scheme": scheme,
      "x-scheme": scheme,
      "x-real-ip": "127.0.0.1",
      "x-original-forwarded-for": "6.6.6.6",
      "x-request-id": expect.stringMatching(UUID),
      "x-kept": "yes",
    });
    const gone = Object.keys(seen).filter((name) =>
      /^ssl-client|^proxy$|_|^x-forwarded-prefix$|^x-envoy/.test(name),
    );
    expect(gone).toEqual([]);
  });

  it("Envoy's own headers do not steer it", async () => {
    const seen = await headersOf({
      "x-envoy-upstream-rq-timeout-ms": "1",
      "x-envoy-upstream-alt-stat-name": "evil",
      "x-envoy-original-path": "/evil",
      "x-envoy-decorator-operation": "evil",
      "x-envoy-internal": "true",
      "x-envoy-force-trace": "1",
      "x-envoy-ip-tags": "evil",
      "x-echo-delay-ms": "50",
    });
    expect(Object.keys(seen).filter((name) => name.startsWith("x-envoy"))).toEqual([]);
  });

  it("each request gets an id of its own", async () => {
    const ids = new Set<string | undefined>();
    for (let n = 0; n < 5; n++) ids.add((await headersOf({}))["x-request-id"]);
    expect(ids.size).toBe(5);
  });
});

describe("answers", () => {
  it("do not tell of Envoy", async () => {
    for (const path of ["/", "/admin"]) {
      const { headers } = await shared.send({ host: HOST, path, https: true });
      expect(Object.keys(headers).filter((name) => /^(server|x-envoy-.*|via)$/.test(name))).toEqual([]);
    }
  });

  it("keep what the backend says of itself", async () => {
    const headers = { "x-echo-header": ["Server: mine", "X-Powered-By: mine"] };
    expect((await shared.send({ host: HOST, headers })).headers).toMatchObject({
      server: "mine",
      "x-powered-by": "mine",
    });
  });
});

describe("requests that can be read in two ways are refused", () => {
  const start = `POST / HTTP/1.1\r\nHost: ${HOST}\r\n`;
  const next = `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

  it.each<[title: string, text: string]>([
    ["length and chunks", `${start}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${next}`],
    ["two lengths", `${start}Content-Length: 0\r\nContent-Length: ${next.length}\r\n\r\n${next}`],
    ["a list of lengths", `${start}Content-Length: 0, ${next.length}\r\n\r\n${next}`],
    ["a length that is no number", `${start}Content-Length: +4\r\n\r\nbody${next}`],
    ["a negative length", `${start}Content-Length: -1\r\n\r\n${next}`],
    ["an encoding that is not known", `${start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${next}`],
    [
      "chunks that are not the last encoding",
      `${start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${next}`,
    ],
    [
      "two encodings",
      `${start}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${next}`,
    ],
    ["a blank before the colon", `${start}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${next}`],
    ["NUL in a header", `${start}X-A: a\0b\r\nContent-Length: 0\r\n\r\n${next}`],
    ["no host", `GET / HTTP/1.1\r\n\r\n${next}`],
    ["a fragment", `GET /admin#x HTTP/1.1\r\nHost: ${HOST}\r\n\r\n${next}`],
    ["a header name with a blank", `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX A: 1\r\n\r\n${next}`],
    ["garbage", `\x16\x03\x01 hello\r\n\r\n${next}`],
  ])("%s", async (_, text) => {
    const before = shared.get("echo").counts().requests;
    const answer = await sendRaw(shared.gateway.httpPort, text);
    expect(answer).toMatch(/^HTTP\/1.1 (400|501) /);
    // The connection ends with the refusal: what follows is not taken for a request.
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(shared.get("echo").counts().requests).toBe(before);
  });

  it("a chunk size that is none ends the request and its connection", async () => {
    const text = `${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n${next}`;
    const answer = await sendRaw(shared.gateway.httpPort, text);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it("a folded header is one value", async () => {
    const text = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: one\r\n Connection: two\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(shared.gateway.httpPort, text);
    expect(answer).toMatch(/"x-a":"one Connection: two"/);
  });

  it("two hosts are none that is known", async () => {
    const text = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(shared.gateway.httpPort, text)).toMatch(/^HTTP\/1.1 40[04] /);
  });

  it("headers that are too large: 431", async () => {
    const answer = await sendRaw(
      shared.gateway.httpPort,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: ${"a".repeat(70_000)}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
  });

  it("HTTP/2: a length that is not that of the body resets the stream alone", async () => {
    const bad = http2Request(
      http2,
      { ":path": "/", ":authority": HOST, ":method": "POST", "content-length": "10" },
      "four",
    );
    await expect(bad).rejects.toThrow();
    expect((await http2Request(http2, { ":path": "/", ":authority": HOST })).status).toBe(200);
  });
});

describe("one spelling of a path", () => {
  it.each([
    ["/admin", 503],
    ["//admin", 503],
    ["/x/../admin", 503],
    ["/./admin", 503],
    ["/%61dmin", 503],
    ["/x/%2e%2e/admin", 503],
    ["/../../admin", 503],
    ["/x%2F..%2Fadmin", "echo"],
    ["/ADMIN", "echo"],
    ["/admin%2Fx", "echo"],
    ["/%E4%B8%AD%E6%96%87/x", 503],
    ["/%e4%b8%ad%E6%96%87", 503],
    ["/\xe4\xb8\xad\xe6\x96\x87", 400],
  ])("%s → %s", async (path, expected) => {
    const answer = await sendRaw(
      shared.gateway.httpPort,
      `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`,
    );
    if (typeof expected === "number") expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
    else expect(answer).toMatch(new RegExp(`x-echo-backend: ${expected}`));
  });
});

describe("other ways to ask", () => {
  it.each<[title: string, text: string, answer: RegExp]>([
    ["HTTP/1.0", `GET / HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`, /^HTTP\/1.0 200 /],
    ["HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n", /^HTTP\/1.[01] (400|404) /],
    [
      "an absolute URL, whose host counts",
      `GET http://${HOST}/abs HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n\r\n`,
      /^HTTP\/1.1 200 .*"path":"\/abs"/s,
    ],
    [
      "a host in capitals with a port and a dot",
      "GET / HTTP/1.1\r\nHost: WEB.Example.com.:80\r\nConnection: close\r\n\r\n",
      /^HTTP\/1.1 200 /,
    ],
    ["CONNECT", `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`, /^HTTP\/1.1 4\d\d /],
    [
      "an upgrade other than to WebSocket",
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n`,
      /^HTTP\/1.1 403 /,
    ],
  ])("%s", async (_, text, answer) => {
    expect(await sendRaw(shared.gateway.httpPort, text)).toMatch(answer);
  });
});

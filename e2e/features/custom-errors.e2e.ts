import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { freePort } from "../support/free-port.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOST = "errors.example.com";
const CODES = "403,404,429,500,502,503,504";
const PAGES = { "custom-http-errors": CODES, "default-backend": "pages" };

const BAD: readonly [key: string, value: string][] = [
  ["custom-http-errors", "404,200"],
  ["custom-http-errors", "404 503"],
  ["custom-http-errors", "600"],
  ["disable-proxy-intercept-errors", "off"],
];

const ONE: readonly [name: string, annotations: Readonly<Record<string, string>>][] = [
  ["off", { ...PAGES, "disable-proxy-intercept-errors": "true" }],
  ["on", { ...PAGES, "disable-proxy-intercept-errors": "false" }],
  ["alone", { "custom-http-errors": CODES }],
  ["down", { ...PAGES, "default-backend": "idle" }],
  ["missing", { ...PAGES, "default-backend": "nobody" }],
  ["far", { ...PAGES, "default-backend": "other/far" }],
  ["listed", { ...PAGES, "whitelist-source-range": "127.0.0.2" }],
  ["limited", { ...PAGES, "route-limit-rpm": "1", "route-limit-burst-multiplier": "1" }],
  ["client", { ...PAGES, "limit-rpm": "1", "limit-burst-multiplier": "1" }],
  ["slow", { ...PAGES, timeout: "1" }],
  ["rewritten", { ...PAGES, "rewrite-target": "/elsewhere" }],
  ["crossed", { ...PAGES, "enable-cors": "true" }],
];

const shared = useGateway({
  backends: ["echo", "pages", "young"],
  objects: async ({ get }) => [
    ...service("idle", []),
    ...service("closed", [{ port: await freePort() }]),
    ...service("far", [{ port: get("pages").port }], "other", 8080),
    ingress({
      name: "web",
      host: HOST,
      annotations: PAGES,
      paths: [
        { path: "/", service: "echo" },
        { path: "/idle", service: "idle" },
        { path: "/closed", service: "closed" },
      ],
    }),
    ingress({
      name: "young",
      host: HOST,
      annotations: { canary: "true", "canary-by-header": "x-young" },
      paths: [{ path: "/", service: "young" }],
    }),
    ...ONE.map(([name, annotations]) => ingress({ name, host: `${name}.example.com`, annotations })),
    ...BAD.map(([key, value], n) =>
      ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { ...PAGES, [key]: value } }),
    ),
  ],
});

/** A path to which the backend answers this; the error pages, which are asked for /, know nothing of it. */
const answering = (status: number, more = ""): string => `/x/y?x-echo-status=${status}${more}`;

describe("custom-http-errors", () => {
  it("gives an answer with one of the codes to the default backend, and the client what that says", async () => {
    const path = answering(404, "&x-echo-header=x-secret:1");
    const headers = { accept: "text/html", cookie: "a=1", "x-code": "200", "x-namespace": "forged" };
    const response = await shared.send({ host: HOST, path, headers });
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({ "x-echo-backend": "pages" });
    for (const name of ["x-secret", "x-envoy-upstream-service-time"])
      expect(response.headers).not.toHaveProperty(name);
    expect(response.seen()).toMatchObject({
      method: "GET",
      path: "/",
      host: HOST,
      headers: {
        accept: "text/html",
        cookie: "a=1",
        "x-code": "404",
        "x-format": "text/html",
        "x-original-uri": path,
        "x-namespace": "default",
        "x-ingress-name": "web",
        "x-service-name": "echo",
        "x-service-port": "80",
        "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
        "x-forwarded-for": "127.0.0.1",
        "x-real-ip": "127.0.0.1",
        "x-forwarded-host": HOST,
      },
    });
  });

  it("leaves other codes alone, and passes their bodies on as they come", async () => {
    for (const status of [200, 400, 401, 501]) {
      const response = await shared.send({ host: HOST, path: answering(status) });
      expect([response.status, response.headers["x-echo-backend"]]).toEqual([status, "echo"]);
      expect(response.seen().headers).not.toHaveProperty("x-code");
    }
    const large = await shared.send({ host: HOST, path: answering(200, "&x-echo-body-bytes=3000000") });
    expect(large.body).toHaveLength(3_000_000);
  });

  it("keeps the default backend's own status, one of the codes as well, and asks it once", async () => {
    const headers = { "x-echo-status": "404" };
    const response = await shared.send({ host: HOST, path: "/", headers });
    expect(response.status).toBe(404);
    expect(response.seen()).toMatchObject({ backend: "pages", headers: { "x-code": "404" } });
  });

  it("says nothing of the Accept that a client did not send, whatever it says itself", async () => {
    const seen = (
      await shared.send({ host: HOST, path: answering(404), headers: { "x-format": "evil" } })
    ).seen();
    expect(seen.headers).not.toHaveProperty("x-format");
  });

  it("throws bodies of any size away", async () => {
    const response = await shared.send({ host: HOST, path: answering(500, "&x-echo-body-bytes=3000000") });
    expect(response.seen()).toMatchObject({ backend: "pages", headers: { "x-code": "500" } });
  });

  it.each(["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])("keeps the method: %s", async (method) => {
    const response = await shared.send({ host: HOST, method, path: answering(404) });
    expect([response.status, response.headers["x-echo-backend"]]).toEqual([200, "pages"]);
    if (method === "HEAD") expect(response.body).toBe("");
    else expect(response.seen()).toMatchObject({ method, path: "/" });
  });

  it("does not pass the body of a request on, small or large", async () => {
    for (const size of [5, 2_000_000]) {
      const body = "x".repeat(size);
      const headers = { "content-type": "text/plain" };
      const response = await shared.send({ host: HOST, method: "POST", path: answering(404), headers, body });
      const seen = response.seen();
      expect(seen).toMatchObject({ backend: "pages", method: "POST" });
      expect(seen.headers["content-length"] ?? "0").toBe("0");
      expect(seen.headers).not.toHaveProperty("content-type");
    }
  });

  it("works on HTTP/2", async () => {
    const session = http2Session({ port: shared.gateway.httpPort });
    const headers = { ":method": "POST", ":path": answering(404), ":authority": HOST };
    const answer = await http2Request(session, headers, "hello");
    expect(answer.status).toBe(200);
    expect(answer.seen()).toMatchObject({ backend: "pages", method: "POST", headers: { "x-code": "404" } });
    session.destroy();
  });

  it("works on a WebSocket that cannot be had", async () => {
    const text = await upgrade(shared.gateway.httpPort, "/closed");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain('"x-code":"503"');
  });

  it("replaces the gateway's own answers: nobody listens, too slow, over a limit", async () => {
    const closed = (await shared.send({ host: HOST, path: "/closed" })).seen();
    expect(closed).toMatchObject({ backend: "pages", headers: { "x-code": "503" } });
    const slow = (await shared.send({ host: "slow.example.com", path: "/?x-echo-delay-ms=5000" })).seen();
    expect(slow).toMatchObject({ backend: "pages", headers: { "x-code": "504", "x-ingress-name": "slow" } });
    for (const [name, code] of [
      ["limited", "429"],
      ["client", "503"],
    ]) {
      const host = `${name}.example.com`;
      expect(await shared.who({ host })).toBe("echo");
      const seen = (await shared.send({ host, method: "POST", path: "/over?limit" })).seen();
      expect(seen).toMatchObject({
        backend: "pages",
        method: "POST",
        path: "/",
        headers: { "x-code": code, "x-original-uri": "/over?limit" },
      });
    }
  });

  it("keeps the refusal of an IP list, though its code is listed", async () => {
    const host = "listed.example.com";
    expect(await shared.who({ host })).toBe(403);
    const friend = { host, localAddress: "127.0.0.2", path: answering(403) };
    expect((await shared.send(friend)).seen()).toMatchObject({
      backend: "pages",
      headers: { "x-code": "403" },
    });
  });

  it("leaves a Service without a ready endpoint to the default backend, path unchanged", async () => {
    const headers = { "x-echo-status": "404" };
    const response = await shared.send({ host: HOST, path: "/idle/x", headers });
    expect(response.status).toBe(404);
    expect(response.seen()).toMatchObject({
      backend: "pages",
      path: "/idle/x",
      headers: { "x-code": "503" },
    });
  });

  it("tells the path as the client sent it, not as the backend got it", async () => {
    const seen = (await shared.send({ host: "rewritten.example.com", path: answering(404) })).seen();
    expect(seen.headers["x-original-uri"]).toBe(answering(404));
  });

  it("gives pages to other origins as the backend's own answers", async () => {
    const headers = { origin: "https://a.example" };
    const response = await shared.send({ host: "crossed.example.com", path: answering(404), headers });
    expect(response.headers).toMatchObject({
      "x-echo-backend": "pages",
      "access-control-allow-origin": expect.any(String),
    });
  });

  it("holds for a canary too", async () => {
    const headers = { "x-young": "always" };
    expect(await shared.who({ host: HOST, headers })).toBe("young");
    const seen = (await shared.send({ host: HOST, path: answering(404), headers })).seen();
    expect(seen).toMatchObject({
      backend: "pages",
      headers: { "x-code": "404", "x-ingress-name": "web", "x-service-name": "young" },
    });
  });

  it("takes a default backend of another namespace", async () => {
    expect(await shared.who({ host: "far.example.com", path: answering(404) })).toBe("pages");
  });

  it.each(["down", "missing"])("gives 503 when the default backend is %s", async (name) => {
    const host = `${name}.example.com`;
    expect(await shared.who({ host, path: answering(404) })).toBe(503);
    expect(await shared.who({ host, path: answering(200) })).toBe("echo");
  });

  it("steps in as soon as the default backend is there", async () => {
    const { gateway } = shared;
    await gateway.apply("nobody.yaml", yamlOf(...service("nobody", [{ port: shared.get("pages").port }])));
    expect(await shared.who({ host: "missing.example.com", path: answering(404) })).toBe("pages");
    await gateway.remove("nobody.yaml");
  });

  it("has no effect without a default backend, and says so", async () => {
    const response = await shared.send({ host: "alone.example.com", path: answering(404) });
    expect([response.status, response.headers["x-echo-backend"]]).toEqual([404, "echo"]);
    expect(shared.diagnostics("alone")).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/custom-http-errors" },
    ]);
  });
});

describe("disable-proxy-intercept-errors", () => {
  it("true turns it off", async () => {
    const response = await shared.send({ host: "off.example.com", path: answering(404) });
    expect([response.status, response.headers["x-echo-backend"]]).toEqual([404, "echo"]);
  });

  it("false leaves it on", async () => {
    expect(await shared.who({ host: "on.example.com", path: answering(404) })).toBe("pages");
  });
});

it.each(BAD.map(([key, value], n) => [key, value, n] as const))(
  "%s: %j is ignored and reported",
  async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    const who = key === "custom-http-errors" ? "echo" : "pages";
    expect(await shared.who({ host: `bad${n}.example.com`, path: answering(404) })).toBe(who);
  },
);

/** Asks for a WebSocket; resolves with the answer, when its connection ends. */
function upgrade(port: number, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${HOST}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  const socket = connect(port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("end", () => socket.end());
  socket.on("close", () => resolve(text));
  socket.on("error", reject);
  return promise;
}

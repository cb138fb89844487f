// @peculiar/x509 needs it, before it.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { BasicConstraintsExtension, PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { EchoAnswer } from "./description.ts";
import { type EchoBackend, startEcho } from "./echo-server.ts";

let echo: EchoBackend;
let agent: Agent;
let sessions: ClientHttp2Session[] = [];

beforeEach(async () => {
  echo = await startEcho({ name: "one" });
  agent = new Agent({ keepAlive: true });
});

afterEach(async () => {
  for (const session of sessions) session.destroy();
  sessions = [];
  agent.destroy();
  await echo.kill();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly json: () => EchoAnswer;
}

function http1(path: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port: echo.port, agent, path, ...options },
      async (response) => {
        try {
          const text = (await response.toArray()).join("");
          resolve({
            status: response.statusCode,
            headers: response.headers,
            text,
            json: () => JSON.parse(text),
          });
        } catch (error) {
          reject(error);
        }
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function session(url = `http://127.0.0.1:${echo.port}`, options = {}): ClientHttp2Session {
  const made = connect(url, options);
  made.on("error", () => {});
  sessions.push(made);
  return made;
}

async function http2(
  on: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  const stream = on.request(headers);
  stream.end(body);
  const [received] = await once(stream, "response");
  const text = (await stream.toArray()).join("");
  return { status: received[":status"], headers: received, text, json: () => JSON.parse(text) };
}

describe("HTTP/1.1", () => {
  test("describes the request", async () => {
    const options = { method: "POST", headers: ["Host", "a.example", "X-A", "1", "x-a", "2"] };
    const answer = await http1("/p%2Fq?x=1", options, "hällo");
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ "content-type": "application/json", "x-echo-backend": "one" });
    expect(answer.json()).toMatchObject({
      backend: "one",
      method: "POST",
      path: "/p%2Fq?x=1",
      httpVersion: "1.1",
      host: "a.example",
      headers: { host: "a.example", "x-a": "1, 2" },
      body: "hällo",
      bodyBytes: 6,
      connectionId: 1,
      requestsOnConnection: 1,
      remoteAddress: "127.0.0.1",
    });
    expect(answer.json().rawHeaders).toEqual(
      expect.arrayContaining([
        ["X-A", "1"],
        ["x-a", "2"],
      ]),
    );
    expect(answer.json().tls).toBeUndefined();
  });

  test.each(["//", "//[", "//a:b/c", "/%", "/?%ff", "*"])("answers a request for %s", async (path) => {
    expect((await http1(path)).json()).toMatchObject({ path });
  });

  test("counts the requests of each connection", async () => {
    const first = (await http1("/")).json();
    const second = (await http1("/")).json();
    const other = (await http1("/", { agent: new Agent() })).json();
    const place = ({ connectionId, requestsOnConnection }: EchoAnswer) => [
      connectionId,
      requestsOnConnection,
    ];
    expect([first, second, other].map(place)).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(echo.counts()).toMatchObject({ connections: 2, requests: 3 });
  });

  test("a large body is counted whole and kept in part", async () => {
    const answer = await http1("/", { method: "POST" }, "x".repeat(1_000_000));
    expect(answer.json().bodyBytes).toBe(1_000_000);
    expect(answer.json().body).toHaveLength(65_536);
  });

  test("a request that comes byte by byte is understood", async () => {
    const socket = connectTcp(echo.port, "127.0.0.1");
    socket.setNoDelay(true);
    const answered = once(socket, "data");
    // It begins as the preface of HTTP/2 does.
    for (const byte of "PUT / HTTP/1.1\r\nhost: a\r\n\r\n") {
      socket.write(byte);
      await new Promise(setImmediate);
    }
    expect(String((await answered)[0])).toContain("HTTP/1.1 200");
    socket.destroy();
  });
});

describe("HTTP/2", () => {
  test("describes the request, on the same port", async () => {
    const answer = await http2(
      session(),
      { ":path": "/p", ":method": "PUT", ":authority": "b.example", "x-a": "1" },
      "body",
    );
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      method: "PUT",
      path: "/p",
      httpVersion: "2.0",
      host: "b.example",
      headers: { "x-a": "1" },
      body: "body",
    });
    expect(Object.keys(answer.json().headers).filter((name) => name.startsWith(":"))).toEqual([]);
  });

  test("many streams share a connection", async () => {
    const on = session();
    const answers = await Promise.all(Array.from({ length: 50 }, () => http2(on, { ":path": "/" })));
    expect(new Set(answers.map((answer) => answer.json().connectionId)).size).toBe(1);
    expect(
      answers
        .map((answer) => answer.json().requestsOnConnection)
        .sort((a, b) => a - b)
        .at(-1),
    ).toBe(50);
  });
});

describe.each(["1.1", "2.0"])("controls over HTTP/%s", (version) => {
  const ask = (headers: Record<string, string>): Promise<Answer> =>
    version === "2.0" ? http2(session(), { ":path": "/", ...headers }) : http1("/", { headers });

  test("status and headers", async () => {
    const answer = await ask({ "x-echo-status": "418", "x-echo-header": "X-B: c" });
    expect(answer).toMatchObject({ status: 418, headers: { "x-b": "c" } });
  });

  test("a status without a body", async () => {
    expect(await ask({ "x-echo-status": "204" })).toMatchObject({ status: 204, text: "" });
  });

  test("a body of so many bytes", async () => {
    const answer = await ask({ "x-echo-body-bytes": "100000" });
    expect(answer.text).toBe("x".repeat(100_000));
    expect(answer.headers["content-length"]).toBe("100000");
  });

  test("a delay", async () => {
    expect((await ask({ "x-echo-delay-ms": "5" })).status).toBe(200);
  });

  test("the first tries fail", async () => {
    const headers = { "x-echo-fail-first": "2", "x-request-id": "r", "x-echo-status": "502" };
    const statuses = [];
    for (let at = 0; at < 3; at++) statuses.push((await ask(headers)).status);
    expect(statuses).toEqual([502, 502, 200]);
  });

  test("a stream goes on until it is closed", async () => {
    const headers = { "x-echo-stream": "1" };
    const lines: string[] = [];
    if (version === "2.0") {
      const stream = session().request({ ":path": "/", ...headers });
      for await (const chunk of stream) if (lines.push(String(chunk)) === 3) break;
    } else {
      const sent = request({ host: "127.0.0.1", port: echo.port, headers });
      sent.end();
      const [response] = await once(sent, "response");
      for await (const chunk of response) if (lines.push(String(chunk)) === 3) break;
    }
    expect(JSON.parse(lines[0]?.split("\n")[0] ?? "")).toEqual({ backend: "one", line: 1 });
  });
});

describe("resets", () => {
  test("before the answer", async () => {
    await expect(http1("/", { headers: { "x-echo-reset": "1" } })).rejects.toThrow("ECONNRESET");
    const stream = session().request({ ":path": "/", "x-echo-reset": "1" });
    const answered: unknown[] = [];
    stream.on("response", (headers) => answered.push(headers));
    stream.on("error", () => {});
    await once(stream, "close");
    expect(answered).toEqual([]);
  });

  test("during the body", async () => {
    await expect(
      http1("/", { headers: { "x-echo-reset": "during", "x-echo-body-bytes": "100" } }),
    ).rejects.toThrow(/aborted|ECONNRESET/);
  });
});

describe("WebSocket", () => {
  test("says who it is, then echoes text and bytes", async () => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${echo.port}/chat?x=1`, { headers: { "x-a": "1" } });
    const [greeting] = await once(webSocket, "message");
    expect(JSON.parse(String(greeting))).toMatchObject({
      backend: "one",
      path: "/chat?x=1",
      headers: { "x-a": "1" },
    });
    webSocket.send("text");
    expect(await once(webSocket, "message")).toEqual([Buffer.from("text"), false]);
    webSocket.send(Buffer.from([0, 255]));
    expect(await once(webSocket, "message")).toEqual([Buffer.from([0, 255]), true]);
    expect(echo.counts()).toMatchObject({ webSockets: 1, openWebSockets: 1 });
    webSocket.close();
    await once(webSocket, "close");
  });
});

describe("gRPC", () => {
  const message = (text: string) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(text.length, 1);
    return Buffer.concat([prefix, Buffer.from(text)]);
  };

  function call(headers = {}): ClientHttp2Stream {
    const path = "/echo.Echo/Any";
    return session().request({
      ":path": path,
      ":method": "POST",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
  }

  test("a unary call", async () => {
    const stream = call();
    const trailers = once(stream, "trailers");
    stream.end(message("hello"));
    const [headers] = await once(stream, "response");
    expect(headers).toMatchObject({
      ":status": 200,
      "content-type": "application/grpc",
      "x-echo-backend": "one",
    });
    expect(Buffer.concat(await stream.toArray())).toEqual(message("hello"));
    expect((await trailers)[0]).toMatchObject({ "grpc-status": "0" });
    expect(echo.counts()).toMatchObject({ grpcCalls: 1, activeRequests: 0 });
  });

  test("a call both ways: each message comes back before the next is sent", async () => {
    const stream = call();
    for (const text of ["a", "bc"]) {
      stream.write(message(text));
      expect((await once(stream, "data"))[0]).toEqual(message(text));
    }
    const trailers = once(stream, "trailers");
    stream.end();
    expect((await trailers)[0]).toMatchObject({ "grpc-status": "0" });
  });

  test("a status that was asked for, without a body", async () => {
    const stream = call({ "x-echo-grpc-status": "14" });
    stream.end(message("x"));
    const [headers] = await once(stream, "response");
    expect(headers).toMatchObject({ ":status": 200, "grpc-status": "14" });
    expect(await stream.toArray()).toEqual([]);
  });
});

describe("closing", () => {
  test("an idle connection is closed at once", async () => {
    await http1("/");
    await echo.close();
    expect(echo.counts().openConnections).toBe(0);
    await expect(http1("/")).rejects.toThrow("ECONNREFUSED");
  });

  test("what is under way is answered, and told that the connection ends", async () => {
    const slow = http1("/", { headers: { "x-echo-delay-ms": "100" } });
    const two = session().request({ ":path": "/", "x-echo-delay-ms": "100" });
    const answered = once(two, "response");
    two.resume();
    while (echo.counts().activeRequests < 2) await new Promise(setImmediate);
    await echo.close();
    expect(await slow).toMatchObject({ status: 200, headers: { connection: "close" } });
    expect((await answered)[0]).toMatchObject({ ":status": 200 });
  });

  test("a stream ends whole and a WebSocket hears goodbye", async () => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${echo.port}/`);
    await once(webSocket, "message");
    const goodbye = once(webSocket, "close");
    const streamed = http1("/", { headers: { "x-echo-stream": "1" } });
    while (echo.counts().activeRequests < 1) await new Promise(setImmediate);
    await echo.close();
    expect((await goodbye)[0]).toBe(1001);
    expect((await streamed).status).toBe(200);
  });

  test("killing cuts everything", async () => {
    const slow = http1("/", { headers: { "x-echo-delay-ms": "60000" } });
    const webSocket = new WebSocket(`ws://127.0.0.1:${echo.port}/`);
    await once(webSocket, "message");
    const cut = once(webSocket, "close");
    while (echo.counts().activeRequests < 1) await new Promise(setImmediate);
    await Promise.all([echo.kill(), expect(slow).rejects.toThrow("socket hang up")]);
    expect((await cut)[0]).toBe(1006);
    expect(echo.counts().openConnections).toBe(0);
  });

  test("a port that is taken is an error of the start", async () => {
    await expect(startEcho({ name: "two", port: echo.port })).rejects.toThrow("EADDRINUSE");
  });
});

describe("TLS", () => {
  test("HTTP/2 by ALPN, with the name that was asked for", async () => {
    const tls = await certificate("tls.example");
    const secure = await startEcho({ name: "secure", tls });
    const on = session(`https://127.0.0.1:${secure.port}`, { ca: tls.cert, servername: "tls.example" });
    const answer = await http2(on, { ":path": "/" });
    expect(answer.json()).toMatchObject({
      httpVersion: "2.0",
      tls: { servername: "tls.example", alpn: "h2" },
    });
    await secure.kill();
  });
});

async function certificate(name: string): Promise<{ cert: string; key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new BasicConstraintsExtension(true)],
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: made.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY") };
}

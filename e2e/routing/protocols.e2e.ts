import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type KeyPair, selfSigned } from "../support/certificate.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, service, tlsSecret } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOST = "web.example.com";
const GRPC = "grpc.example.com";

let pair: KeyPair;

const shared = useGateway({
  backends: ["echo"],
  objects: async ({ get }) => {
    pair = await selfSigned([HOST, GRPC]);
    const [grpcService = {}, grpcSlice = {}] = service("grpc", [{ port: get("echo").port }]).map((object) =>
      JSON.parse(JSON.stringify(object).replace('"name":"http"', '"name":"grpc"')),
    );
    const tls = [{ hosts: [HOST, GRPC], secretName: "tls" }];
    const annotations = { "ssl-redirect": "false" };
    return [
      tlsSecret("tls", pair),
      grpcService,
      grpcSlice,
      ...service("gone", []),
      ingress({ name: "web", host: HOST, tls, annotations }),
      ingress({
        name: "grpc",
        host: GRPC,
        tls,
        annotations,
        paths: [
          { path: "/", service: "grpc" },
          { path: "/gone", service: "gone" },
        ],
      }),
    ];
  },
});

const sessions: Record<string, ClientHttp2Session> = {};
beforeAll(() => {
  const { httpPort, httpsPort } = shared.gateway;
  sessions["over TLS"] = http2Session({ port: httpsPort, servername: HOST });
  sessions["without TLS, by prior knowledge"] = http2Session({ port: httpPort });
});
afterAll(() => {
  for (const session of Object.values(sessions)) session.destroy();
});

function session(name: string): ClientHttp2Session {
  const found = sessions[name];
  if (found === undefined) throw new Error(`no session ${name}`);
  return found;
}

describe.each(["over TLS", "without TLS, by prior knowledge"])("HTTP/2 %s", (name) => {
  it("is served by a backend of HTTP/1.1", async () => {
    const answer = await http2Request(session(name), { ":path": "/a?b", ":authority": HOST });
    expect(answer.status).toBe(200);
    expect(answer.seen()).toMatchObject({ httpVersion: "1.1", host: HOST, path: "/a?b" });
  });

  it("is served by a backend of HTTP/2", async () => {
    const answer = await http2Request(
      session(name),
      { ":path": "/", ":authority": GRPC, ":method": "POST" },
      "a body",
    );
    expect(answer.seen()).toMatchObject({ httpVersion: "2.0", host: GRPC, body: "a body" });
  });

  it("many streams at a time, of which one that is reset harms no other", async () => {
    const requests = Array.from({ length: 50 }, (_, n) =>
      http2Request(session(name), {
        ":path": `/${n}`,
        ":authority": HOST,
        "x-echo-delay-ms": "100",
      }),
    );
    const reset = session(name).request({ ":path": "/", ":authority": HOST, "x-echo-delay-ms": "1000" });
    reset.on("error", () => {}).close();
    const answers = await Promise.all(requests);
    expect(answers.map((each) => each.seen().path)).toEqual(requests.map((_, n) => `/${n}`));
  });

  it("has trailers", async () => {
    const answer = await http2Request(
      session(name),
      {
        ":path": "/a.B/C",
        ":authority": GRPC,
        ":method": "POST",
        "content-type": "application/grpc",
        te: "trailers",
      },
      "\0\0\0\0\x01x",
    );
    expect(answer.body).toBe("\0\0\0\0\x01x");
    expect(answer.trailers["grpc-status"]).toBe("0");
  });

  it("an answer of the gateway's own", async () => {
    const answer = await http2Request(session(name), { ":path": "/gone", ":authority": GRPC });
    expect(answer.status).toBe(503);
  });
});

describe("HTTP/1.1", () => {
  it("over TLS is served too", async () => {
    expect((await shared.send({ host: HOST, https: true })).seen().httpVersion).toBe("1.1");
  });

  it("is served by a backend of HTTP/2", async () => {
    const request = { host: GRPC, method: "POST", body: "a body" };
    expect((await shared.send(request)).seen()).toMatchObject({ httpVersion: "2.0", body: "a body" });
  });

  it("takes large bodies both ways", async () => {
    const body = "x".repeat(3_000_000);
    const headers = { "x-echo-body-bytes": "5000000" };
    const response = await shared.send({ host: HOST, method: "POST", body, headers });
    expect(response.body.length).toBe(5_000_000);
    expect((await shared.send({ host: HOST, method: "POST", body })).seen().bodyBytes).toBe(3_000_000);
  });
});

describe("WebSocket", () => {
  it.each(["ws", "wss"])("%s: texts and bytes both ways, and a goodbye", async (scheme) => {
    const port = scheme === "ws" ? shared.gateway.httpPort : shared.gateway.httpsPort;
    const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/chat?room=1`, {
      headers: { host: HOST },
      ...(scheme === "wss" ? { servername: HOST, rejectUnauthorized: false } : {}),
    });
    const [first] = await once(socket, "message");
    expect(JSON.parse(String(first))).toMatchObject({ path: "/chat?room=1", host: HOST });
    socket.send("a text");
    expect(String((await once(socket, "message"))[0])).toBe("a text");
    socket.send(Buffer.from([0, 1, 255]));
    const [bytes, isBinary] = await once(socket, "message");
    expect([[...bytes], isBinary]).toEqual([[0, 1, 255], true]);
    socket.close(1000, "done");
    expect((await once(socket, "close"))[0]).toBe(1000);
  });

  it("to a backend that is gone: 503", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${shared.gateway.httpPort}/gone`, {
      headers: { host: GRPC },
    });
    const [, response] = await once(socket, "unexpected-response");
    expect(response.statusCode).toBe(503);
    socket.on("error", () => {}).terminate();
  });
});

describe.each(["TLS", "plain text"])("gRPC over %s", (kind) => {
  const same = (data: Buffer): Buffer => data;
  let client: Client;
  beforeAll(() => {
    const { httpPort, httpsPort } = shared.gateway;
    client =
      kind === "TLS"
        ? new Client(`127.0.0.1:${httpsPort}`, credentials.createSsl(Buffer.from(pair.chain)), {
            "grpc.ssl_target_name_override": GRPC,
            "grpc.default_authority": GRPC,
          })
        : new Client(`127.0.0.1:${httpPort}`, credentials.createInsecure(), {
            "grpc.default_authority": GRPC,
          });
  });
  afterAll(() => client.close());

  const unary = (method: string, metadata = new Metadata()): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    client.makeUnaryRequest(method, same, same, Buffer.from("hello"), metadata, (error, reply) =>
      error ? reject(error) : resolve(String(reply)),
    );
    return promise;
  };

  it("one message and its answer", async () => {
    await expect(unary("/echo.Echo/Say")).resolves.toBe("hello");
  });

  it("the backend's status", async () => {
    const metadata = new Metadata();
    metadata.set("x-echo-grpc-status", `${status.NOT_FOUND}`);
    await expect(unary("/echo.Echo/Say", metadata)).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it("no endpoint is UNAVAILABLE", async () => {
    await expect(unary("/gone/Say")).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it("messages both ways as they come", async () => {
    const call = client.makeBidiStreamRequest("/echo.Echo/Chat", same, same);
    for (const text of ["one", "two", "three"]) {
      call.write(Buffer.from(text));
      expect(String((await once(call, "data"))[0])).toBe(text);
    }
    call.end();
    const [ended] = await once(call.resume(), "status");
    expect(ended.code).toBe(status.OK);
  });
});

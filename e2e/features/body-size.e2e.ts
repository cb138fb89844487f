import { once } from "node:events";
import { type ClientRequest, createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, credentials, status } from "@grpc/grpc-js";
import { afterAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { expectIgnored } from "../support/bad-values.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, service } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

/** Host (without `.example.com`) → annotations. */
const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  zero: { "proxy-body-size": "0" },
  ten: { "proxy-body-size": "10" },
  bytes: { "proxy-body-size": "10b" },
  kilo: { "proxy-body-size": "1k" },
  mega: { "proxy-body-size": "2M" },
  both: { "proxy-body-size": "10", "proxy-request-buffering": "on" },
  on: { "proxy-request-buffering": "on" },
  off: { "proxy-request-buffering": "off" },
};

const BAD: readonly [key: string, value: string][] = [
  ["proxy-body-size", "10 k"],
  ["proxy-body-size", "unlimited"],
  ["proxy-request-buffering", "true"],
];

/** A backend that answers when a request is whole, and tells when it begins. */
const begun: string[] = [];
const slow = createServer((request, response) => {
  begun.push(request.headers.host ?? "");
  slow.emit("begun");
  request.resume().on("end", () => response.end("done"));
});

const shared = useGateway({
  backends: ["echo"],
  objects: async ({ get }) => {
    await once(slow.listen(0, "127.0.0.1"), "listening");
    // A server that listens on TCP has such an address.
    const { port } = slow.address() as AddressInfo;
    const [grpcService = {}, grpcSlice = {}] = service("grpc", [{ port: get("echo").port }]).map((object) =>
      JSON.parse(JSON.stringify(object).replace('"name":"http"', '"name":"grpc"')),
    );
    return [
      ...service("slow", [{ port }]),
      grpcService,
      grpcSlice,
      ...Object.entries(HOSTS).map(([name, annotations]) =>
        ingress({
          name,
          host: `${name}.example.com`,
          annotations,
          paths: [
            { path: "/", service: "echo" },
            { path: "/slow", service: "slow" },
            { path: "/echo.Echo", service: "grpc" },
          ],
        }),
      ),
      ...BAD.map(([key, value], n) =>
        ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
      ),
    ];
  },
});
afterAll(() => slow.closeAllConnections());
afterAll(() => slow.close());

type Framing = "content-length" | "chunked" | "http2";

/** Status of a POST with so many bytes, and how many of them the backend saw. */
async function post(name: string, bytes: number, framing: Framing): Promise<[status: number, seen?: number]> {
  const host = `${name}.example.com`;
  const body = "x".repeat(bytes);
  if (framing === "http2") {
    const session = http2Session({ port: shared.gateway.httpPort });
    const headers = { ":authority": host, ":path": "/", ":method": "POST" };
    const answer = await http2Request(session, headers, body).finally(() => session.destroy());
    return answer.status === 200 ? [200, answer.seen().bodyBytes] : [answer.status];
  }
  const headers =
    framing === "chunked" ? { "transfer-encoding": "chunked" } : { "content-length": `${bytes}` };
  const answer = await shared.send({ host, method: "POST", body, headers });
  return answer.status === 200 ? [200, answer.seen().bodyBytes] : [answer.status];
}

const FRAMINGS: readonly Framing[] = ["content-length", "chunked", "http2"];

describe.each(FRAMINGS)("proxy-body-size, %s", (framing) => {
  it.each([
    ["ten", 10],
    ["bytes", 10],
    ["kilo", 1024],
    ["mega", 2 * 1024 ** 2],
    ["both", 10],
  ] as const)("%s: %d bytes pass, one more is 413", async (name, limit) => {
    expect(await post(name, limit, framing)).toEqual([200, limit]);
    expect(await post(name, limit + 1, framing)).toEqual([413]);
    expect(await post(name, 0, framing)).toEqual([200, 0]);
  });

  it.each(["none", "zero", "on", "off"])("%s: no limit", async (name) => {
    expect(await post(name, 3_000_000, framing)).toEqual([200, 3_000_000]);
  });
});

it("a request without a body has nothing to do with it", async () => {
  expect((await shared.send({ host: "ten.example.com" })).status).toBe(200);
});

it("a larger body than was said is none that the backend sees", async () => {
  const session = http2Session({ port: shared.gateway.httpPort });
  const headers = { ":authority": "ten.example.com", ":path": "/", ":method": "POST", "content-length": "5" };
  const sent = http2Request(session, headers, "x".repeat(50)).then(({ status }) => status);
  expect(await sent.catch(() => "reset").finally(() => session.destroy())).not.toBe(200);
});

describe("proxy-request-buffering", () => {
  /** Begins a request, whose answer is a promise; the backend is told of half of its body at once, or of nothing. */
  function begin(name: string): { request: ClientRequest; answer: Promise<IncomingMessage> } {
    const headers = { host: `${name}.example.com`, "content-length": "10" };
    const options = {
      port: shared.gateway.httpPort,
      host: "127.0.0.1",
      path: "/slow",
      method: "POST",
      headers,
    };
    const request = httpRequest({ ...options, agent: false });
    const answer = once(request, "response").then(([response]: IncomingMessage[]) => {
      if (response === undefined) throw new Error("no response");
      return response.resume();
    });
    request.write("12345");
    return { request, answer };
  }

  it("on: the backend sees nothing of a request until it is whole; off, or absent: from the first byte", async () => {
    begun.length = 0;
    const held = ["on", "both"].map(begin);
    const free = ["off", "none", "ten"].map(begin);
    while (begun.length < 3) await once(slow, "begun");
    expect(begun.toSorted()).toEqual(["none.example.com", "off.example.com", "ten.example.com"]);
    for (const { request } of [...held, ...free]) request.end("67890");
    const answers = await Promise.all([...held, ...free].map(({ answer }) => answer));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
    expect(begun).toHaveLength(5);
  });
});

describe.each(["ten", "both"])("what talks both ways is not held: %s", (name) => {
  it("gRPC messages go both ways as they come", async () => {
    const client = new Client(`127.0.0.1:${shared.gateway.httpPort}`, credentials.createInsecure(), {
      "grpc.default_authority": `${name}.example.com`,
    });
    const same = (data: Buffer): Buffer => data;
    const call = client.makeBidiStreamRequest("/echo.Echo/Chat", same, same);
    for (const text of ["one", "two", "more than ten bytes"]) {
      call.write(Buffer.from(text));
      expect(String((await once(call, "data"))[0])).toBe(text);
    }
    call.end();
    const [ended] = await once(call.resume(), "status");
    expect(ended.code).toBe(status.OK);
    client.close();
  });

  it("WebSocket", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${shared.gateway.httpPort}/`, {
      headers: { host: `${name}.example.com` },
    });
    await once(socket, "message");
    socket.send("more than ten bytes");
    expect(String((await once(socket, "message"))[0])).toBe("more than ten bytes");
    socket.close();
    await once(socket, "close");
  });
});

it("a header that only looks like an upgrade is no way round the limit", async () => {
  const headers = { upgrade: "websocket", "transfer-encoding": "chunked" };
  const body = "x".repeat(50);
  const answer = await shared.send({ host: "ten.example.com", method: "POST", body, headers });
  expect(answer.status).toBe(413);
});

describe("bad values are ignored and reported", () => {
  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    expect(await post(`bad${n}`, 20_000, "chunked")).toEqual([200, 20_000]);
  });
});

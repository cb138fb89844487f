import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { type BlackHole, startBlackHole } from "../support/black-hole.ts";
import { ingress, service } from "../support/manifests.ts";
import type { TestResponse } from "../support/request.ts";
import { useGateway } from "../support/use-gateway.ts";

/** Retries would make silence last several times as long. */
const ONCE = { "proxy-next-upstream": "off" };

const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  zero: { timeout: "0" },
  whole: { timeout: "1" },
  read: { "proxy-read-timeout": "1" },
  send: { "proxy-send-timeout": "1" },
  larger: { "proxy-read-timeout": "1", "proxy-send-timeout": "4" },
};

const BAD: readonly [key: string, value: string][] = [
  ["timeout", "1s"],
  ["timeout", "-1"],
  ["timeout", "0.5"],
  ["proxy-read-timeout", "1s"],
  ["proxy-send-timeout", "1m"],
  ["proxy-connect-timeout", "1s"],
  ["proxy-connect-timeout", "two"],
];

let hole: BlackHole;

const shared = useGateway({
  backends: ["echo"],
  objects: async ({ get }) => {
    hole = await startBlackHole();
    return [
      ...Object.entries(HOSTS).map(([name, annotations]) =>
        ingress({ name, host: `${name}.example.com`, annotations }),
      ),
      ...BAD.map(([key, value], n) =>
        ingress({ name: `bad${n}`, host: `bad${n}.example.com`, annotations: { [key]: value } }),
      ),
      ...service("hole", [{ port: hole.port }]),
      ...service("half", [{ port: hole.port }, { port: get("echo").port }]),
      ingress({
        name: "connect",
        host: "connect.example.com",
        annotations: { "proxy-connect-timeout": "1", ...ONCE },
        paths: [{ path: "/", service: "hole" }],
      }),
      ingress({
        name: "connect-default",
        host: "connect-default.example.com",
        annotations: ONCE,
        paths: [{ path: "/", service: "hole" }],
      }),
      ingress({
        name: "connect-half",
        host: "connect-half.example.com",
        annotations: { "proxy-connect-timeout": "1" },
        paths: [{ path: "/", service: "half" }],
      }),
    ];
  },
});

const send = (name: string, headers = {}, more = {}) =>
  shared.send({ host: `${name}.example.com`, headers, ...more });

/** What takes long runs beside the other tests. */
let slow: { patient: Promise<TestResponse>; connect: Promise<[status: number, ms: number]> };
beforeAll(() => {
  const startedAt = performance.now();
  slow = {
    // Envoy's own limit would be 15 s.
    patient: send("none", { "x-echo-delay-ms": "16000" }),
    connect: send("connect-default").then(({ status }) => [status, performance.now() - startedAt]),
  };
});
afterAll(() => hole?.[Symbol.asyncDispose]());

const SLOW = { "x-echo-delay-ms": "2500" };

describe.concurrent("timeout", () => {
  it("is for the whole request", async () => {
    expect((await send("whole", SLOW)).status).toBe(504);
  });

  it("also for one that is never silent", async () => {
    await expect(lines("whole", 10, 200)).resolves.toBeLessThan(10);
  });

  it("0 is none", async () => {
    expect((await send("zero", SLOW)).status).toBe(200);
  });
});

describe.concurrent("proxy-read-timeout and proxy-send-timeout", () => {
  it.each(["read", "send"])("%s: a silent backend is 504", async (name) => {
    expect((await send(name, SLOW)).status).toBe(504);
  });

  it.each(["read", "send"])("%s: a request that takes long is none of its business", async (name) => {
    expect(await lines(name, 5, 400)).toBe(5);
  });

  it("the larger of both counts", async () => {
    expect((await send("larger", SLOW)).status).toBe(200);
  });

  it("a client that stops in the middle of its request gets 408", async () => {
    const socket = connect(shared.gateway.httpPort, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: read.example.com\r\nContent-Length: 10\r\n\r\nhalf");
    const [answer] = await once(socket.setEncoding("utf8"), "data");
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    socket.destroy();
  });
});

describe.concurrent("proxy-connect-timeout", () => {
  it("ends a connection attempt", async () => {
    expect([503, 504]).toContain((await send("connect")).status);
  });

  it("lets another endpoint be tried, POSTs included", async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => send("connect-half", {}, { method: "POST", body: "a=b" })),
    );
    expect(answers.map((each) => each.seen().body)).toEqual(Array(6).fill("a=b"));
  });
});

describe.concurrent("bad values are ignored and reported", () => {
  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    expect((await send(`bad${n}`, { "x-echo-delay-ms": "1500" })).status).toBe(200);
  });
});

describe("by default", () => {
  it("connecting takes at most 5 s", async () => {
    const [status, ms] = await slow.connect;
    expect([503, 504]).toContain(status);
    expect(ms).toBeGreaterThan(4_500);
    expect(ms).toBeLessThan(12_000);
  });

  it("a request may take as long as it likes", async () => {
    expect((await slow.patient).status).toBe(200);
  });
});

/** How many of the first `count` lines of an answer without end arrive, one each so many milliseconds. */
function lines(name: string, count: number, everyMs: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = httpRequest({
    port: shared.gateway.httpPort,
    host: "127.0.0.1",
    headers: { host: `${name}.example.com`, "x-echo-stream": `${everyMs}` },
    agent: false,
  });
  let seen = 0;
  request.on("response", (response) => {
    response.on("data", (chunk: Buffer) => {
      seen += chunk.toString().split("\n").length - 1;
      if (seen >= count) request.destroy();
    });
    response.on("error", () => {});
    response.on("close", () => resolve(seen));
  });
  request.on("error", reject);
  request.end();
  return promise;
}

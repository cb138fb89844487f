import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, service } from "../support/manifests.ts";
import { countAnswers, expectShare } from "../support/shares.ts";
import { useGateway } from "../support/use-gateway.ts";

type Annotations = Readonly<Record<string, string>>;

/** The long form of a variable. */
const braced = (name: string) => `$\{${name}}`;

/** Each has a Service of its own name over the backends a, b, c and d. */
const HOSTS: Readonly<Record<string, Annotations>> = {
  default: {},
  round: { "load-balance": "round_robin" },
  random: { "load-balance": "random" },
  least: { "load-balance": "least_conn" },
  uri: { "upstream-hash-by": "$request_uri" },
  host: { "upstream-hash-by": braced("host") },
  address: { "upstream-hash-by": "$remote_addr" },
  header: { "upstream-hash-by": "$http_x_user_id" },
  query: { "upstream-hash-by": braced("arg_user"), "load-balance": "random" },
  cookie: { "upstream-hash-by": "$cookie_user" },
  vhost: { "upstream-hash-by": "$host", "upstream-vhost": "same.test" },
  rewritten: { "upstream-hash-by": "$request_uri", "rewrite-target": "/same" },
};

const BAD: readonly [key: string, value: string][] = [
  ["load-balance", "ewma"],
  ["load-balance", "fastest"],
  ["upstream-hash-by", "$request_uri$host"],
  ["upstream-hash-by", "text"],
  ["upstream-hash-by", "$uri_of_mine"],
  ["upstream-hash-by", "$http_"],
  ["warmup", "30s"],
];

/** `endpoints`: how many serve the clients of one host. */
const NO_EFFECT: readonly [annotations: Annotations, key: string, endpoints: number][] = [
  [{ "upstream-hash-by-subset": "true" }, "upstream-hash-by-subset", 4],
  [{ "upstream-hash-by-subset-size": "3" }, "upstream-hash-by-subset-size", 4],
  [{ "upstream-hash-by": "$host", "load-balance": "random" }, "load-balance", 1],
  [{ "load-balance": "random", warmup: "30" }, "warmup", 4],
  [{ affinity: "cookie", "session-cookie-change-on-failure": "true" }, "session-cookie-change-on-failure", 4],
  [
    { affinity: "cookie", "session-cookie-conditional-samesite-none": "true" },
    "session-cookie-conditional-samesite-none",
    4,
  ],
];

const NAMES = ["a", "b", "c", "d"];

function balanced(
  name: string,
  annotations: Annotations,
  backends: { get(name: string): { port: number } },
): object[] {
  return [
    ...service(
      name,
      NAMES.map((each) => ({ port: backends.get(each).port })),
    ),
    ingress({
      name,
      host: name.endsWith("host") ? `*.${name}.example.com` : `${name}.example.com`,
      annotations,
      paths: [{ path: "/", service: name }],
    }),
  ];
}

const shared = useGateway({
  backends: NAMES,
  // One worker: each has its own place in the round.
  concurrency: 1,
  objects: (backends) => [
    ...Object.entries(HOSTS).flatMap(([name, annotations]) => balanced(name, annotations, backends)),
    ...BAD.flatMap(([key, value], n) => balanced(`bad${n}`, { [key]: value }, backends)),
    ...NO_EFFECT.flatMap(([annotations], n) => balanced(`idle${n}`, annotations, backends)),
    // Who differs on a key of the Service: the oldest decides, wherever the Service is used.
    ...service(
      "differing",
      NAMES.map((each) => ({ port: backends.get(each).port })),
    ),
    ...["old", "young"].map((name, age) =>
      ingress({
        name,
        host: `${name}.example.com`,
        annotations: { "upstream-hash-by": age === 0 ? "$arg_old" : "$arg_young" },
        createdAt: `2026-01-0${age + 1}T00:00:00Z`,
        paths: [{ path: "/", service: "differing" }],
      }),
    ),
    ingress({ name: "silent", host: "silent.example.com", paths: [{ path: "/", service: "differing" }] }),
  ],
});

const count = (name: string, requests: number) =>
  countAnswers({ port: shared.gateway.httpPort, host: `${name}.example.com`, count: requests });

describe("load-balance", () => {
  it.each(["default", "round", "bad0"])("%s: each endpoint in turn", async (name) => {
    const order: (string | number)[] = [];
    for (let n = 0; n < 12; n++) order.push(await shared.who({ host: `${name}.example.com` }));
    expect(new Set(order.slice(0, 4)).size).toBe(4);
    expect(order.slice(4, 8)).toEqual(order.slice(0, 4));
    expect(order.slice(8)).toEqual(order.slice(0, 4));
  });

  it("random: by chance, evenly", async () => {
    const counts = await count("random", 2000);
    for (const name of NAMES) expectShare(counts.get(name), 2000, 0.25);
    // A round would give 500 each: by chance that comes once in 70,000 runs.
    expect([...counts.values()]).not.toEqual([500, 500, 500, 500]);
  });

  it("least_conn: a busy endpoint gets less", async () => {
    const held: { destroy(): void }[] = [];
    while (held.length < 8) {
      const { backend, stream } = await openStream("least.example.com");
      if (backend === "a") held.push(stream);
      else stream.destroy();
    }
    const counts = await count("least", 400);
    // It gets what is left when chance names it twice, a sixteenth; by turns or chance alone it would be a fourth.
    expect(counts.get("a") ?? 0).toBeLessThan(400 / 8);
    for (const stream of held) stream.destroy();
  });
});

/** An answer that goes on until it is destroyed. */
async function openStream(host: string): Promise<{ backend: unknown; stream: { destroy(): void } }> {
  const request = httpRequest({
    host: "127.0.0.1",
    port: shared.gateway.httpPort,
    agent: false,
    headers: { host, "x-echo-stream": "1000" },
  });
  request.on("error", () => {}).end();
  const [response] = await once(request, "response");
  return { backend: response.headers["x-echo-backend"], stream: request };
}

describe("upstream-hash-by", () => {
  /** Request number `n` with the value that counts; everything else about it differs by `noise`. */
  type Make = (n: number, noise: number) => Parameters<typeof shared.who>[0];
  const KEYS: Readonly<Record<string, Make>> = {
    uri: (n, noise) => ({
      host: "uri.example.com",
      path: `/x?user=${n}`,
      headers: { "x-noise": `${noise}` },
    }),
    host: (n, noise) => ({ host: `h${n}.host.example.com`, path: `/${noise}` }),
    vhost: (n, noise) => ({ host: `h${n}.vhost.example.com`, path: `/${noise}` }),
    address: (n, noise) => ({
      host: "address.example.com",
      path: `/${noise}`,
      localAddress: `127.0.1.${n + 1}`,
    }),
    header: (n, noise) => ({
      host: "header.example.com",
      path: `/${noise}`,
      headers: { "x-user-id": `user ${n}` },
    }),
    query: (n, noise) => ({ host: "query.example.com", path: `/${noise}?user=${n}&noise=${noise}` }),
    cookie: (n, noise) => ({
      host: "cookie.example.com",
      path: `/${noise}`,
      headers: { cookie: `a=${noise}; user=${n}` },
    }),
    rewritten: (n, noise) => ({
      host: "rewritten.example.com",
      path: `/x?user=${n}`,
      headers: { "x-noise": `${noise}` },
    }),
  };

  it.each(Object.entries(KEYS))("%s: the same value, the same endpoint; values spread", async (_, make) => {
    const seen = new Set<string | number>();
    for (let n = 0; n < 40; n++) {
      const first = await shared.who(make(n, 0));
      seen.add(first);
      for (let noise = 1; noise < 3; noise++) expect(await shared.who(make(n, noise))).toBe(first);
    }
    expect([...seen].sort()).toEqual(NAMES);
  });

  it("the host counts without its port", async () => {
    for (let n = 0; n < 10; n++)
      expect(await shared.who({ host: `h${n}.host.example.com:8080` })).toBe(
        await shared.who({ host: `h${n}.host.example.com` }),
      );
  });

  it("a request without a value goes to any", async () => {
    expect([...(await count("header", 100)).keys()].sort()).toEqual(NAMES);
  });

  it("of the oldest Ingress holds wherever the Service is used, and the other is told", async () => {
    for (const host of ["old.example.com", "young.example.com", "silent.example.com"]) {
      const one = new Set<string | number>();
      for (let n = 0; n < 12; n++) one.add(await shared.who({ host, path: `/?old=1&young=${n}` }));
      expect([host, one.size]).toEqual([host, 1]);
    }
    expect(shared.diagnostics("young")).toMatchObject([
      {
        code: "annotation-overruled",
        key: "mse.ingress.kubernetes.io/upstream-hash-by",
        value: "$arg_young",
      },
    ]);
    expect(shared.diagnostics("old")).toEqual([]);
  });
});

describe("reports", () => {
  it.each(BAD.map((bad, n) => [...bad, n] as const))("%s: %s is ignored", async (key, value, n) => {
    expectIgnored(shared, `bad${n}`, key, value);
    expect([...(await count(`bad${n}`, 40)).keys()].sort()).toEqual(NAMES);
  });

  it.each(NO_EFFECT.map(([annotations, key, endpoints], n) => ({ annotations, key, endpoints, n })))(
    "$annotations: $key has no effect",
    async ({ key, endpoints, n }) => {
      // Each on a connection of its own: those of one connection are one session to Envoy.
      const asked = new Set<string | number>();
      for (let times = 0; times < 60; times++) asked.add(await shared.who({ host: `idle${n}.example.com` }));
      expect(asked.size).toBe(endpoints);
      expect(shared.diagnostics(`idle${n}`)).toMatchObject([
        { code: "annotation-no-effect", key: `mse.ingress.kubernetes.io/${key}` },
      ]);
    },
  );
});

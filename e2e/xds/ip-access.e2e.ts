import { type Feature, IP_ACCESS_FILTER, ipAccessConfig } from "@sluice/feature-api";
import type { IpAccess } from "@sluice/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http1KeepAlive, http2Streams, webSockets } from "../support/load.ts";
import { type ModelGateway, startModelGateway } from "./gateway.ts";
import { forward, host, prefix, route } from "./models.ts";

/** Stands in for a feature that puts lists on routes: its policy is the lists. */
const lists: Feature = {
  id: "lists",
  title: "Lists",
  scope: "route",
  onInvalid: "deny",
  keys: {},
  parse: () => undefined,
  route(message, policy) {
    if (policy === undefined) return;
    // The only policies of this feature are those below.
    message.typedPerFilterConfig = { [IP_ACCESS_FILTER]: ipAccessConfig(policy as IpAccess) };
  },
};

const HOSTS = [
  host("ip.test", [
    route("own", prefix("/own"), forward, [], { policies: { lists: { allow: ["127.0.0.9/32"] } } }),
    route("open", prefix("/open"), forward, [], { policies: { lists: {} } }),
    route("moved", prefix("/moved"), {
      kind: "redirect",
      status: 301,
      host: "other.test",
      keepPort: false,
      stripQuery: false,
    }),
    route("all", prefix("/"), forward),
  ]),
  host("cert.test", [route("cert", prefix("/"), forward)], "cert"),
];

let direct: ModelGateway;
let behindProxy: ModelGateway;
beforeAll(async () => {
  [direct, behindProxy] = await Promise.all([
    startModelGateway({ hosts: HOSTS, features: [lists] }),
    startModelGateway({ hosts: HOSTS, settings: { trustedHops: 1 } }),
  ]);
});
afterAll(async () => {
  await Promise.all([direct, behindProxy].map((gateway) => gateway?.[Symbol.asyncDispose]()));
});

async function status(from: string, more: { https?: boolean; host?: string } = {}): Promise<number> {
  return (await direct.request({ host: "ip.test", localAddress: from, ...more })).status;
}

/** The status for a client that a proxy says is this one. */
async function proxied(client: string): Promise<number> {
  const headers = { "x-forwarded-for": client };
  return (await behindProxy.request({ host: "ip.test", headers })).status;
}

describe("the peer's address", () => {
  test.each<[string, IpAccess, Record<string, number>]>([
    ["no list", {}, { "127.0.0.1": 200 }],
    ["an allow list", { allow: ["127.0.0.2/32"] }, { "127.0.0.1": 403, "127.0.0.2": 200 }],
    ["a deny list", { deny: ["127.0.0.2/32"] }, { "127.0.0.1": 200, "127.0.0.2": 403 }],
    [
      "both: the deny list is asked first",
      { allow: ["127.0.0.0/30"], deny: ["127.0.0.2/31"] },
      { "127.0.0.1": 200, "127.0.0.2": 403, "127.0.0.3": 403, "127.0.0.4": 403 },
    ],
    ["an empty allow list: nobody", { allow: [] }, { "127.0.0.1": 403 }],
    ["a deny list of all", { deny: ["0.0.0.0/0", "::/0"] }, { "127.0.0.1": 403 }],
  ])("by %s", async (_, ipAccess, expected) => {
    await direct.change({ ipAccess });
    for (const [from, wanted] of Object.entries(expected)) {
      expect(await status(from), from).toBe(wanted);
      expect(await status(from, { https: true }), `${from} https`).toBe(wanted);
      expect(await status(from, { https: true, host: "cert.test" }), `${from} own chain`).toBe(wanted);
    }
  });

  test("counts, and not what it says of others", async () => {
    await direct.change({ ipAccess: { allow: ["10.0.0.1/32"] } });
    const headers = { "x-forwarded-for": "10.0.0.1", "x-real-ip": "10.0.0.1" };
    expect((await direct.request({ host: "ip.test", headers })).status).toBe(403);
  });
});

test("the lists of a route replace those of the gateway", async () => {
  await direct.change({ ipAccess: { allow: ["127.0.0.2/32"], deny: ["127.0.0.9/32"] } });
  const get = async (path: string, localAddress: string): Promise<number> =>
    (await direct.request({ host: "ip.test", path, localAddress })).status;
  expect(await get("/own", "127.0.0.9")).toBe(200);
  expect(await get("/own", "127.0.0.2")).toBe(403);
  expect(await get("/open", "127.0.0.1")).toBe(200);
  expect(await get("/", "127.0.0.9")).toBe(403);
  expect(await get("/", "127.0.0.2")).toBe(200);
});

test("redirects come before the lists of the gateway", async () => {
  await direct.change({ ipAccess: { allow: ["127.0.0.2/32"] } });
  for (const localAddress of ["127.0.0.1", "127.0.0.2"]) {
    const answer = await direct.request({ host: "ip.test", path: "/moved", localAddress });
    expect([answer.status, answer.headers.location]).toEqual([301, "http://other.test/moved"]);
  }
});

test.each<[string, IpAccess, Record<string, number>]>([
  [
    "IPv4",
    { allow: ["10.1.0.0/16"], deny: ["10.1.2.0/24"] },
    { "10.1.0.1": 200, "10.1.2.1": 403, "10.2.0.1": 403, "2001:db8::1": 403 },
  ],
  [
    "IPv6",
    { allow: ["2001:db8::/32"], deny: ["2001:db8:1::/48"] },
    { "2001:db8::1": 200, "2001:db8:1::1": 403, "10.1.0.1": 403 },
  ],
  [
    "IPv4 in the spelling of IPv6",
    { allow: ["10.0.0.0/8"], deny: ["10.1.2.0/24"] },
    { "::ffff:10.1.2.9": 403, "::FFFF:0a01:0209": 403, "::ffff:10.1.3.9": 200, "::ffff:11.0.0.1": 403 },
  ],
  ["IPv4 alone", { allow: ["0.0.0.0/0"] }, { "10.1.0.1": 200, "2001:db8::1": 403 }],
])("what a trusted proxy says counts: %s", async (_, ipAccess, expected) => {
  await behindProxy.change({ ipAccess });
  for (const [client, wanted] of Object.entries(expected)) expect(await proxied(client), client).toBe(wanted);
  // The last entry alone is of the trusted proxy; a client can write what it likes before it.
  expect(await proxied(`10.1.0.1, 192.0.2.1`)).toBe(ipAccess.allow?.[0] === "0.0.0.0/0" ? 200 : 403);
});

test("changes end no connection, and replace no listener", async () => {
  await direct.change({});
  const before = await direct.stat("listener_manager.listener_modified");
  const target = { port: direct.httpPort, host: "ip.test", pauseMs: 5 };
  const loads = [
    http1KeepAlive({ ...target, count: 16 }),
    http2Streams({ ...target, host: "ip.test", port: direct.httpsPort, count: 8 }),
    webSockets({ ...target, count: 4 }),
  ];
  for (let n = 0; n < 50; n++)
    await direct.change({ ipAccess: { allow: ["127.0.0.0/8"], deny: [`10.0.0.${n}/32`] } });
  await direct.change({});
  for (const running of loads) {
    const { requests, failures, closed } = await running.stop();
    expect({ failures: failures.slice(0, 5), closed }).toEqual({ failures: [], closed: 0 });
    expect(requests).toBeGreaterThan(0);
  }
  expect(await direct.stat("listener_manager.listener_modified")).toBe(before);
});

test("ten thousand ranges are one change, each of them counts, and requests do not wait for them", async () => {
  const ranges = Array.from({ length: 10_000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
  await behindProxy.change({ ipAccess: { deny: ranges } });
  for (const n of [0, 1, 4999, 9999]) expect(await proxied(`10.${n >> 8}.${n & 255}.7`)).toBe(403);
  expect(await proxied(`10.${10_000 >> 8}.${10_000 & 255}.7`)).toBe(200);
});

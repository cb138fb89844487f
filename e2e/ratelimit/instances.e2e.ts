import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../redis/start-redis.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** Three instances of the gateway, each a control plane and a real Envoy, and one real Redis. */

const HOST = "limited.example.com";
const LIMIT = 60;
const SECONDS = 10;

let redis: RedisServer;
let echo: EchoBackend;
let instances: readonly TestGateway[];

beforeAll(async () => {
  redis = await startRedis();
  echo = await startEcho({ name: "echo" });
  const manifests = {
    "all.yaml": yamlOf(
      ...service("echo", [{ port: echo.port }]),
      ingress({ name: "limited", host: HOST, annotations: { "rate-limit": `${LIMIT}` } }),
      ingress({ name: "held", host: "held.example.com", annotations: { "concurrency-limit": "4" } }),
    ),
  };
  const start = () =>
    startTestGateway({ manifests, settings: { rateLimitRedis: redis.url }, concurrency: 1 });
  instances = await Promise.all([start(), start(), start()]);
}, 120_000);
afterAll(async () => {
  await Promise.all(instances.map((each) => each[Symbol.asyncDispose]()));
  await echo.kill();
  await redis.kill();
});

async function metric(instance: TestGateway, name: string): Promise<number | undefined> {
  const text = await instance.gateway.metrics.text();
  const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

function untilAllSay(name: string, value: number) {
  return expect
    .poll(() => Promise.all(instances.map((each) => metric(each, name))), { timeout: 60_000, interval: 100 })
    .toEqual([value, value, value]);
}

/** Overloads the three for some seconds, and says how the requests ended. */
async function overload(seconds: number): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>();
  const end = Date.now() + seconds * 1_000;
  const client = async (instance: TestGateway): Promise<void> => {
    while (Date.now() < end) {
      const { status } = await instance.request({ host: HOST });
      found.set(status, (found.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(instances.flatMap((each) => [client(each), client(each)]));
  return found;
}

const passed = (found: ReadonlyMap<number, number>) => found.get(200) ?? 0;
const onlyPassedOrLimited = (found: ReadonlyMap<number, number>) =>
  expect([...found.keys()].sort()).toEqual([200, 429]);

function expectWithin(found: ReadonlyMap<number, number>, seconds: number, share: number): void {
  onlyPassedOrLimited(found);
  const wanted = LIMIT * seconds;
  console.info(`passed ${passed(found)} of ${wanted}; limited ${found.get(429)}`);
  expect(passed(found)).toBeGreaterThanOrEqual(wanted * (1 - share));
  expect(passed(found)).toBeLessThanOrEqual(wanted * (1 + share));
}

test("they find each other", { timeout: 60_000 }, async () => {
  await untilAllSay("sluice_ratelimit_store_up", 1);
  await untilAllSay("sluice_ratelimit_instances", 3);
});

test("what all pass together is the limit, to within 5 %", { timeout: 60_000 }, async () => {
  expectWithin(await overload(SECONDS), SECONDS, 0.05);
});

test("requests in flight count together", async () => {
  const headers = { "x-echo-delay-ms": "500" };
  const all = await Promise.all(
    instances.flatMap((each) =>
      Array.from({ length: 3 }, () => each.request({ host: "held.example.com", headers })),
    ),
  );
  expect(all.map(({ status }) => status).sort()).toEqual([...Array(4).fill(200), ...Array(5).fill(429)]);
});

test("Redis killed in between: no request fails, each passes its part, and it is said", {
  timeout: 90_000,
}, async () => {
  const whole = overload(4);
  await redis.kill();
  onlyPassedOrLimited(await whole);
  await untilAllSay("sluice_ratelimit_store_up", 0);
  for (const each of instances)
    expect(each.gateway.gateways.diagnostics().map(({ code }) => code)).toContain("rate-limit-store");
  expectWithin(await overload(SECONDS), SECONDS, 0.2);
});

test("Redis back: they count together again, and nothing is left to say", { timeout: 90_000 }, async () => {
  redis = await startRedis(redis.port);
  await untilAllSay("sluice_ratelimit_store_up", 1);
  for (const each of instances)
    expect(each.gateway.gateways.diagnostics().map(({ code }) => code)).not.toContain("rate-limit-store");
  expectWithin(await overload(SECONDS), SECONDS, 0.05);
});

test("without control planes each Envoy passes its part", { timeout: 60_000 }, async () => {
  await Promise.all(instances.map((each) => each.stopControlPlane()));
  expectWithin(await overload(SECONDS), SECONDS, 0.2);
});

import { type RemoteStore, redisStore, SLOTS, type Slots, TAKE, takeFromWindow } from "@sluice/ratelimit";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type RedisServer, startRedis } from "../redis/start-redis.ts";

let redis: RedisServer;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  await redis.kill();
});

/** A store whose connection is there. */
async function store(leaseMs?: number): Promise<RemoteStore> {
  const made = redisStore({ url: redis.url, ...(leaseMs === undefined ? {} : { leaseMs }) });
  onTestFinished(() => made.close());
  await made.ping();
  return made;
}

let keys = 0;
function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

describe("rates in Redis", () => {
  test("are counted over all instances, and the keys go by themselves", async () => {
    const stores = await Promise.all([store(), store(), store()]);
    const limit = { key: newKey(), limit: 100, windowMs: 60_000 };
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, (_, index) => (stores[index % 3] ?? stores[0])?.take(limit, 1)),
    );
    expect(outcomes.filter((outcome) => outcome?.allowed)).toHaveLength(100);
    expect(outcomes.filter((outcome) => outcome?.remaining === 0).length).toBeGreaterThanOrEqual(201);
    const left = await client.pttl(`sluice:limit:${limit.key}`);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(72_000);
  });

  test("are the limit in sum, by whichever instances the requests come, over 10 s of overload", async () => {
    const instances = [0, 1, 2].map(() => new Redis(redis.url));
    onTestFinished(() => {
      for (const one of instances) one.disconnect();
    });
    const name = newKey();
    const [limit, start] = [50, 1_790_000_000_000];
    let passed = 0;
    // The script is told the time, so that the speed of the machine plays no part.
    for (let now = start; now < start + 10_000; now += 20) {
      const answers = await Promise.all(
        instances.map((one) => one.eval(TAKE.lua, 1, name, limit, 1_000, 1, now)),
      );
      passed += answers.filter((answer) => Array.isArray(answer) && answer[0] === 1).length;
    }
    expect(passed).toBeGreaterThanOrEqual(limit * 10 * 0.95);
    expect(passed).toBeLessThanOrEqual(limit * 10 * 1.05);
  });

  test("survive that Redis forgets its scripts", async () => {
    const one = await store();
    const limit = { key: newKey(), limit: 2, windowMs: 60_000 };
    expect(await one.take(limit, 1)).toMatchObject({ allowed: true, remaining: 1 });
    await client.script("FLUSH");
    expect(await one.take(limit, 1)).toMatchObject({ allowed: true, remaining: 0 });
  });

  test("property: the script decides as the same window in memory", async () => {
    const requests = fc.array(
      fc.record({ gap: fc.integer({ min: 0, max: 400 }), hits: fc.integer({ min: 1, max: 3 }) }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(requests, fc.integer({ min: 1, max: 20 }), async (list, limit) => {
        const slots: Slots = new Map();
        const name = newKey();
        let now = 1_790_000_000_000;
        const pipeline = client.pipeline();
        const expected = list.map(({ gap, hits }) => {
          now += gap;
          pipeline.eval(TAKE.lua, 1, name, limit, 1_000, hits, now);
          const { allowed, remaining, resetMs } = takeFromWindow(
            slots,
            { limit, windowMs: 1_000 },
            hits,
            now,
          );
          return [null, [allowed ? 1 : 0, remaining, resetMs]];
        });
        expect(await pipeline.exec()).toEqual(expected);
        expect(await client.hlen(name)).toBeLessThanOrEqual(SLOTS + 1);
      }),
      { numRuns: 60 },
    );
  });
});

describe("requests in flight in Redis", () => {
  test("are counted over all instances", async () => {
    const [one, two] = [await store(), await store()];
    const limit = { key: newKey(), limit: 2 };
    expect(await one.acquire(limit, "1")).toMatchObject({ allowed: true, remaining: 1 });
    expect(await two.acquire(limit, "2")).toMatchObject({ allowed: true, remaining: 0 });
    expect(await two.acquire(limit, "2")).toMatchObject({ allowed: true, remaining: 0 });
    expect(await one.acquire(limit, "3")).toMatchObject({ allowed: false });
    // Whichever instance hears that it is over.
    await two.release(limit.key, "1");
    expect(await two.acquire(limit, "3")).toMatchObject({ allowed: true });
  });

  test("of an instance that died end with their leases; those that are renewed do not", async () => {
    const [dead, alive] = [await store(1_000), await store(1_000)];
    const limit = { key: newKey(), limit: 2 };
    await dead.acquire(limit, "dead");
    await alive.acquire(limit, "alive");
    expect((await alive.acquire(limit, "next")).allowed).toBe(false);
    await dead.close();
    await expect
      .poll(
        async () => {
          await alive.renew(limit.key, ["alive"]);
          return (await alive.acquire(limit, "next")).allowed;
        },
        { timeout: 20_000, interval: 50 },
      )
      .toBe(true);
    await alive.renew(limit.key, ["alive", "next"]);
    expect((await alive.acquire(limit, "more")).allowed).toBe(false);
  });

  test("are there again when Redis has lost them and they are renewed", async () => {
    const one = await store();
    const limit = { key: newKey(), limit: 1 };
    await one.acquire(limit, "1");
    await client.flushall();
    await one.renew(limit.key, ["1"]);
    expect((await one.acquire(limit, "2")).allowed).toBe(false);
  });
});

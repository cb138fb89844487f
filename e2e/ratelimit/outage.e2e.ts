import { type Mode, redisStore, resilientStore } from "@sluice/ratelimit";
import { afterEach, describe, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../redis/start-redis.ts";
import { freePort } from "../support/free-port.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function redisOn(port?: number): Promise<RedisServer> {
  const redis = await startRedis(port);
  cleanUps.push(redis.kill);
  return redis;
}

/** One of three instances. */
function instance(url: string) {
  const modes: Mode[] = [];
  const store = resilientStore({
    remote: redisStore({ url, longestRetryMs: 100 }),
    instances: () => 3,
    // The machine of the tests may be busy; whether a store answers is what counts here.
    deadlineMs: 2_000,
    retryMs: 50,
    onMode: (mode) => modes.push(mode),
  });
  cleanUps.push(store.close);
  const passes = async (limit: { key: string; limit: number; windowMs: number }, times: number) => {
    let passed = 0;
    for (let i = 0; i < times; i += 1) if ((await store.take(limit, 1)).allowed) passed += 1;
    return passed;
  };
  const until = (mode: Mode) => expect.poll(() => store.mode, { timeout: 30_000, interval: 20 }).toBe(mode);
  return { store, modes, passes, until };
}

const DAY = { limit: 30, windowMs: 86_400_000 };

describe("while Redis is away", () => {
  test("each instance lets its share pass, and all count together again when it is back", async () => {
    const redis = await redisOn();
    const [one, two] = [instance(redis.url), instance(redis.url)];
    await one.until("shared");
    await two.until("shared");
    expect(await one.passes({ key: "a", ...DAY }, 20)).toBe(20);
    expect(await two.passes({ key: "a", ...DAY }, 20)).toBe(10);

    await redis.kill();
    expect(await one.passes({ key: "b", ...DAY }, 40)).toBe(10);
    expect(await two.passes({ key: "b", ...DAY }, 40)).toBe(10);
    expect(one.store.answeredAlone).toBe(40);

    await redisOn(redis.port);
    await one.until("shared");
    await two.until("shared");
    expect(await one.passes({ key: "c", ...DAY }, 40)).toBe(30);
    expect(await two.passes({ key: "c", ...DAY }, 40)).toBe(0);
    // Said once of each change, however many questions there were.
    expect(one.modes).toEqual(["shared", "alone", "shared"]);
  });

  test("though it holds its connections, nobody waits for it longer than once", async () => {
    const redis = await redisOn();
    const one = instance(redis.url);
    await one.until("shared");
    redis.pause();
    expect(await one.passes({ key: "a", ...DAY }, 40)).toBe(10);
    expect(one.modes).toEqual(["shared", "alone"]);
    redis.resume();
    await one.until("shared");
    expect(await one.passes({ key: "b", ...DAY }, 40)).toBe(30);
  });

  test("from the start, it is said, and counted alone", async () => {
    const port = await freePort();
    const one = instance(`redis://127.0.0.1:${port}`);
    expect(await one.passes({ key: "a", ...DAY }, 40)).toBe(10);
    await expect.poll(() => one.modes, { timeout: 30_000 }).toEqual(["alone"]);
    await redisOn(port);
    await one.until("shared");
    expect(one.modes).toEqual(["alone", "shared"]);
  });

  test("what is in flight stays counted, and so it does in a new Redis", async () => {
    const redis = await redisOn();
    const [one, two] = [instance(redis.url), instance(redis.url)];
    await one.until("shared");
    await two.until("shared");
    const limit = { key: "a", limit: 3 };
    for (const id of ["1", "2", "3"]) expect((await one.store.acquire(limit, id)).allowed).toBe(true);

    await redis.kill();
    expect((await one.store.acquire(limit, "4")).allowed).toBe(false);
    await one.store.release("a", "3");
    await two.passes({ key: "noticed", ...DAY }, 1);

    await redisOn(redis.port);
    await one.until("shared");
    await two.until("shared");
    expect((await two.store.acquire(limit, "5")).allowed).toBe(true);
    expect((await two.store.acquire(limit, "6")).allowed).toBe(false);
  });
});

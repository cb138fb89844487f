import { describe, expect, test } from "vitest";
import { memoryStore } from "./memory-store.ts";
import type { LimitStore, RateLimit } from "./store.ts";

const RATE: RateLimit = { key: "a", limit: 6, windowMs: 1_000 };

async function passes(store: LimitStore, limit: RateLimit, times: number): Promise<number> {
  let passed = 0;
  for (let i = 0; i < times; i += 1) if ((await store.take(limit, 1)).allowed) passed += 1;
  return passed;
}

describe("rates in memory", () => {
  test("are counted by key", async () => {
    const store = memoryStore({ now: () => 5_000 });
    expect(await passes(store, RATE, 10)).toBe(6);
    expect(await passes(store, { ...RATE, key: "b" }, 10)).toBe(6);
  });

  test("keep what was counted when the limit changes", async () => {
    const store = memoryStore({ now: () => 5_000 });
    expect(await passes(store, RATE, 10)).toBe(6);
    expect(await passes(store, { ...RATE, limit: 8 }, 10)).toBe(2);
  });

  test("are shared by the number of instances, which may change", async () => {
    let instances = 3;
    let now = 5_000;
    const store = memoryStore({ now: () => now, instances: () => instances });
    expect(await passes(store, RATE, 10)).toBe(2);
    instances = 2;
    now = 7_000;
    expect(await passes(store, RATE, 10)).toBe(3);
  });
});

test.each([1, 2, 5, 100])(
  "three instances alone pass the limit together under overload, at %i a second",
  async (limit) => {
    let now = 123_456;
    const stores = [0, 1, 2].map(() => memoryStore({ now: () => now, instances: () => 3 }));
    let passed = 0;
    for (; now < 153_456; now += 1_000 / (limit * 3))
      for (const store of stores) passed += await passes(store, { key: "a", limit, windowMs: 1_000 }, 1);
    expect(passed).toBeGreaterThanOrEqual(limit * 30 * 0.95);
    // Each begins with its first request at once.
    expect(passed).toBeLessThanOrEqual(limit * 30 * 1.05 + 3);
  },
);

describe("requests in flight in memory", () => {
  const limit = { key: "a", limit: 2 };
  test("are as many as the limit says, and room comes when one is over", async () => {
    const store = memoryStore();
    expect(await store.acquire(limit, "1")).toMatchObject({ allowed: true, remaining: 1 });
    expect(await store.acquire(limit, "2")).toMatchObject({ allowed: true, remaining: 0 });
    expect(await store.acquire(limit, "2")).toMatchObject({ allowed: true, remaining: 0 });
    expect(await store.acquire(limit, "3")).toMatchObject({ allowed: false, remaining: 0 });
    await store.release("a", "unknown");
    await store.release("a", "1");
    expect(await store.acquire(limit, "3")).toMatchObject({ allowed: true });
    expect(store.held()).toEqual([{ key: "a", ids: ["2", "3"] }]);
  });

  test("are forgotten when nobody says for too long that they are over", async () => {
    let now = 0;
    const store = memoryStore({ now: () => now, longestRequestMs: 60_000 });
    await store.acquire(limit, "1");
    now = 30_000;
    await store.acquire(limit, "2");
    now = 60_000;
    expect((await store.acquire(limit, "3")).allowed).toBe(true);
    expect((await store.acquire(limit, "4")).allowed).toBe(false);
  });

  test("leave nothing behind", async () => {
    const store = memoryStore();
    await store.acquire(limit, "1");
    await store.release("a", "1");
    expect(store.held()).toEqual([]);
  });
});

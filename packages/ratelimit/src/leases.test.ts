import { describe, expect, test } from "vitest";
import { leases } from "./leases.ts";
import { memoryStore } from "./memory-store.ts";
import type { LimitStore, Outcome } from "./store.ts";

const LIMIT = { key: "k", limit: 2 };
const count = (store: ReturnType<typeof memoryStore>) => store.held().flatMap(({ ids }) => ids).length;

describe("requests in flight", () => {
  test("of one name count one by one, and a refused one makes no room when it ends", async () => {
    const store = memoryStore();
    const requests = leases(store);
    const allowed = async () => (await requests.begin(LIMIT, "same")).outcome.allowed;
    expect([await allowed(), await allowed(), await allowed()]).toEqual([true, true, false]);
    await requests.end("k", "same");
    expect(count(store)).toBe(2);
    await requests.end("k", "same");
    expect(count(store)).toBe(1);
    await requests.end("k", "same");
    await requests.end("k", "same");
    expect(count(store)).toBe(0);
  });

  test("that are over before the store has answered hold nothing", async () => {
    const store = memoryStore();
    const answer = Promise.withResolvers<void>();
    const slow: LimitStore = {
      ...store,
      async acquire(limit, id): Promise<Outcome> {
        await answer.promise;
        return store.acquire(limit, id);
      },
    };
    const requests = leases(slow);
    const begun = requests.begin(LIMIT, "a");
    await requests.end("k", "a");
    answer.resolve();
    expect((await begun).outcome.allowed).toBe(true);
    expect(count(store)).toBe(0);
  });

  test("that are given back make room once, and their end makes no more", async () => {
    const store = memoryStore();
    const requests = leases(store);
    await requests.begin(LIMIT, "a");
    const { lease } = await requests.begin(LIMIT, "a");
    await requests.giveBack("k", lease);
    expect(count(store)).toBe(1);
    await requests.end("k", "a");
    expect(count(store)).toBe(1);
    await requests.end("k", "a");
    expect(count(store)).toBe(0);
  });

  test("are forgotten when nobody ends them", async () => {
    let now = 0;
    const store = memoryStore({ now: () => now });
    const requests = leases(store, { now: () => now });
    await requests.begin(LIMIT, "lost");
    now = 3_600_000;
    await requests.begin(LIMIT, "lost");
    expect(count(store)).toBe(1);
    await requests.end("k", "lost");
    expect(count(store)).toBe(0);
  });

  test("of two services have different ids", async () => {
    const store = memoryStore();
    await leases(store).begin(LIMIT, "a");
    await leases(store).begin(LIMIT, "a");
    expect(count(store)).toBe(2);
  });

  test("are over when the connection of their Envoy has ended, and no others", async () => {
    const store = memoryStore();
    const requests = leases(store);
    const [gone, there] = [{}, {}];
    await requests.begin(LIMIT, "a", gone);
    await requests.begin(LIMIT, "b", there);
    await requests.endAllOf(gone);
    expect(count(store)).toBe(1);
    // Their ends may still be told, by another connection.
    await requests.end("k", "a");
    expect(count(store)).toBe(1);
    await requests.end("k", "b");
    expect(count(store)).toBe(0);
  });
});

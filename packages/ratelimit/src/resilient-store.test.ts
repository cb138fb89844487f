import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { memoryStore } from "./memory-store.ts";
import type { RemoteStore } from "./redis-store.ts";
import { type Mode, type ResilientStoreOptions, resilientStore } from "./resilient-store.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A remote store that counts calls, and fails or hangs when told to. */
function fakeRemote() {
  const memory = memoryStore();
  const control = { state: "up" as "up" | "down" | "hangs", asked: 0, renewed: [] as string[][] };
  const guard = async <T>(answer: () => Promise<T>): Promise<T> => {
    control.asked += 1;
    if (control.state === "down") throw new Error("connection refused");
    if (control.state === "hangs") return new Promise<never>(() => {});
    return answer();
  };
  const remote: RemoteStore = {
    leaseMs: 15_000,
    take: (limit, hits) => guard(() => memory.take(limit, hits)),
    acquire: (limit, id) => guard(() => memory.acquire(limit, id)),
    release: (key, id) => guard(() => memory.release(key, id)),
    renew: (key, ids) =>
      guard(async () => {
        control.renewed.push([key, ...ids]);
      }),
    beat: async () => new Map(),
    ping: () => guard(async () => {}),
    close: async () => {},
  };
  return { remote, control };
}

async function started(options: Partial<ResilientStoreOptions> = {}) {
  const { remote, control } = fakeRemote();
  const told: [Mode, string][] = [];
  const store = resilientStore({ remote, onMode: (mode, reason) => told.push([mode, reason]), ...options });
  onTestFinished(() => store.close());
  await vi.advanceTimersByTimeAsync(0);
  return { store, control, told };
}

const LIMIT = { key: "a", limit: 9, windowMs: 1_000 };

describe("a resilient store", () => {
  test("asks the remote one while that answers", async () => {
    const { store, told } = await started();
    expect(await store.take(LIMIT, 9)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await store.take(LIMIT, 1)).toMatchObject({ allowed: false });
    expect(store.answeredAlone).toBe(0);
    expect(told).toEqual([["shared", ""]]);
  });

  test("waits for a deadline once, then for nothing, and says so once", async () => {
    const { store, control, told } = await started({ instances: () => 3, deadlineMs: 50 });
    control.state = "hangs";
    const first = store.take(LIMIT, 1);
    await vi.advanceTimersByTimeAsync(50);
    expect(await first).toMatchObject({ allowed: true, remaining: 2 });
    // Fake time stands still: these can only end because they wait for nothing.
    expect(await store.take(LIMIT, 2)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await store.take(LIMIT, 1)).toMatchObject({ allowed: false });
    expect(store.answeredAlone).toBe(3);
    expect(told).toEqual([
      ["shared", ""],
      ["alone", "it did not answer within 50 ms"],
    ]);
  });

  test("comes back by itself, with what is in flight", async () => {
    const { store, control, told } = await started({ retryMs: 500 });
    await store.acquire({ key: "f", limit: 5 }, "1");
    control.state = "down";
    await store.acquire({ key: "f", limit: 5 }, "2");
    expect(store.mode).toBe("alone");
    await vi.advanceTimersByTimeAsync(1_600);
    expect(store.mode).toBe("alone");
    control.state = "up";
    await vi.advanceTimersByTimeAsync(500);
    expect(store.mode).toBe("shared");
    expect(control.renewed).toEqual([["f", "1", "2"]]);
    expect(told.map(([mode]) => mode)).toEqual(["shared", "alone", "shared"]);
  });

  test("renews what is in flight while it lasts", async () => {
    const { store, control } = await started();
    await store.acquire({ key: "f", limit: 5 }, "1");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(control.renewed).toEqual([
      ["f", "1"],
      ["f", "1"],
    ]);
    await store.release("f", "1");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(control.renewed).toHaveLength(2);
  });

  test("leaves no timer behind", async () => {
    const { store, control } = await started();
    control.state = "down";
    await store.take(LIMIT, 1);
    await store.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

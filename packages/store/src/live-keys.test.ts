import { describe, expect, it } from "vitest";
import { liveKeys } from "./live-keys.ts";
import { settled } from "./settle.ts";

function logged(): { keys: ReturnType<typeof liveKeys>; log: string[] } {
  const keys = liveKeys();
  const log: string[] = [];
  keys.subscribe((added, removed) => log.push(`+${added} -${removed}`));
  return { keys, log };
}

describe("liveKeys", () => {
  it("delivers sorted keys once, at the end of the outermost batch", () => {
    const { keys, log } = logged();
    settled(() => {
      settled(() => ["b", "a", "b"].forEach(keys.acquire));
      expect(log).toEqual([]);
      expect(keys.current().size).toBe(0);
    });
    expect(log).toEqual(["+a,b -"]);
    expect([...keys.current()]).toEqual(["a", "b"]);
  });

  it("mentions no key that comes and goes within a batch, in either order", () => {
    const { keys, log } = logged();
    keys.acquire("held");
    log.length = 0;
    settled(() => {
      keys.acquire("new");
      keys.release("new");
      keys.release("held");
      keys.acquire("held");
    });
    expect(log).toEqual([]);
    expect([...keys.current()]).toEqual(["held"]);
  });

  it("lets a key go with its last holder only", () => {
    const { keys, log } = logged();
    keys.acquire("k");
    keys.acquire("k");
    keys.release("k");
    expect(log).toEqual(["+k -"]);
    keys.release("k");
    expect(log).toEqual(["+k -", "+ -k"]);
    expect(() => keys.release("k")).toThrow("nobody holds");
  });

  it("delivers changes that a listener makes in a further round", () => {
    const { keys, log } = logged();
    keys.subscribe((added) => added.includes("first") && keys.acquire("second"));
    keys.acquire("first");
    expect(log).toEqual(["+first -", "+second -"]);
  });

  it("calls every listener even if one throws, then throws", () => {
    const keys = liveKeys();
    const log: string[] = [];
    keys.subscribe(() => {
      throw new Error("listener");
    });
    keys.subscribe((added) => log.push(...added));
    expect(() => keys.acquire("k")).toThrow("listener");
    expect(log).toEqual(["k"]);
    expect([...keys.current()]).toEqual(["k"]);
  });

  it("gives up on keys that never settle, and works again afterwards", () => {
    const { keys, log } = logged();
    let count = 0;
    const stop = keys.subscribe(() => keys.acquire(`k${count++}`));
    expect(() => keys.acquire("k")).toThrow("did not settle");
    stop();
    log.length = 0;
    keys.acquire("after");
    expect(log.join()).toContain("after");
  });
});

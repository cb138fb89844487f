import { describe, expect, it } from "vitest";
import { cell } from "./cell.ts";
import { createGraph, type Graph } from "./graph.ts";
import { liveKeys } from "./live-keys.ts";

function setup(): { graph: Graph; errors: string[] } {
  const errors: string[] = [];
  const graph = createGraph({
    onError: (name, key, error) =>
      errors.push(`${name}(${key}): ${error instanceof Error ? error.message : error}`),
  });
  return { graph, errors };
}

describe("derive", () => {
  it("runs again only what read the change, and stops at an equal result", () => {
    const { graph } = setup();
    const inputs = { a: cell(1), b: cell(1) };
    const parity = graph.derive("parity", (key) => (key === "a" ? inputs.a : inputs.b).get() % 2);
    const label = graph.derive("label", (key) => `${key}${parity(key)}`);
    const seen: string[] = [];
    for (const key of ["a", "b"]) graph.watch(label, key, (_key, value) => seen.push(value));
    expect(seen).toEqual(["a1", "b1"]);

    inputs.a.set(3);
    expect(Object.fromEntries(graph.runs())).toEqual({ parity: 3, label: 2 });
    inputs.a.set(4);
    expect(seen).toEqual(["a1", "b1", "a0"]);
    expect(Object.fromEntries(graph.runs())).toEqual({ parity: 4, label: 3 });
  });

  it("keeps the previous value when `equals` says so", () => {
    const { graph } = setup();
    const input = cell("x");
    const list = graph.derive("list", () => [input.get().toLowerCase()], { equals: (a, b) => a[0] === b[0] });
    const seen: unknown[] = [];
    graph.watch(list, "", (_key, value) => seen.push(value));
    input.set("X");
    expect(seen).toEqual([["x"]]);
    expect(list("")).toBe(seen[0]);
  });

  it("shares one run between readers, and between the reads of one batch", () => {
    const { graph } = setup();
    const one = graph.derive("one", () => 1);
    const sum = graph.derive("sum", () => one("k") + one("k"));
    graph.batch(() => [sum("k"), sum("k"), one("k")]);
    expect(Object.fromEntries(graph.runs())).toEqual({ one: 1, sum: 1 });
  });

  it("remembers only what an effect watches", () => {
    const { graph } = setup();
    const inner = graph.derive("inner", (key) => key.length);
    const outer = graph.derive("outer", (key) => inner(key) + 1);
    expect(outer("abc")).toBe(4);
    graph.untracked(() => outer("abcd"));
    expect(Object.fromEntries(graph.entries())).toEqual({ inner: 0, outer: 0 });

    const dispose = graph.watch(outer, "abc", () => graph.untracked(() => outer("peeked in an effect")));
    expect(Object.fromEntries(graph.entries())).toEqual({ inner: 1, outer: 1 });
    dispose();
    expect(Object.fromEntries(graph.entries())).toEqual({ inner: 0, outer: 0 });
  });

  it("keeps a value that passes from one reader to another within a batch", () => {
    const { graph } = setup();
    const left = cell(true);
    const shared = graph.derive("shared", () => 1);
    graph.effect(() => void (left.get() && shared("k")));
    graph.effect(() => void (left.get() || shared("k")));
    left.set(false);
    left.set(true);
    expect(graph.runs().get("shared")).toBe(1);
    expect(graph.entries().get("shared")).toBe(1);
  });
});

describe("errors", () => {
  it("of a derivation are reported once, at their root, reach its readers alone, and end with the next good run", () => {
    const { graph, errors } = setup();
    const input = cell("good");
    const inner = graph.derive("inner", (key) => {
      if (key === "a" && input.get() === "bad") throw new Error("no");
      return input.get();
    });
    const outer = graph.derive("outer", (key) => inner(key));
    const seen: string[] = [];
    for (const key of ["a", "b"]) graph.watch(outer, key, (one, value) => seen.push(`${one}=${value}`));
    seen.length = 0;

    input.set("bad");
    expect(errors).toEqual(["inner(a): no"]);
    expect(seen).toEqual(["b=bad"]);
    expect(() => outer("a")).toThrow("no");

    input.set("mended");
    expect(seen.sort()).toEqual(["a=mended", "b=bad", "b=mended"]);
    expect(errors).toHaveLength(1);
  });

  it("of an effect leave it alive, and the batch and other effects whole", () => {
    const { graph, errors } = setup();
    const input = cell(0);
    const seen: string[] = [];
    graph.effect(() => void seen.push(`before ${input.get()}`));
    graph.effect(() => {
      if (input.get() !== 2) throw `odd ${input.get()}`;
      seen.push("recovered");
    });
    graph.effect(() => void seen.push(`after ${input.get()}`));
    expect(errors).toEqual(["effect(): odd 0"]);
    seen.length = 0;
    input.set(1);
    input.set(2);
    expect(errors).toEqual(["effect(): odd 0", "effect(): odd 1"]);
    expect(seen.sort()).toEqual(["after 1", "after 2", "before 1", "before 2", "recovered"]);
  });

  it("of a cycle is a reported error, not an endless loop", () => {
    const { graph, errors } = setup();
    const loop: (key: string) => number = graph.derive("loop", (key) => loop(key) + 1);
    graph.effect(() => void loop("k"));
    expect(errors).toEqual(["loop(k): Cycle detected"]);
    const counter = cell(0);
    graph.effect(() => counter.set(counter.get() + 1));
    expect(errors[1]).toBe("effect(): Cycle detected");
  });
});

describe("forEachKey", () => {
  it("has one effect per key, which ends with the key", () => {
    const { graph } = setup();
    const keys = liveKeys();
    const input = cell(1);
    const seen: string[] = [];
    keys.acquire("b");
    const dispose = graph.forEachKey(
      keys,
      (key) => void seen.push(`${key}${input.get()}`),
      (key) => void seen.push(`-${key}`),
    );
    keys.acquire("a");
    input.set(2);
    expect(seen.splice(0)).toEqual(["b1", "a1", "b2", "a2"]);
    keys.release("b");
    input.set(3);
    expect(seen.splice(0)).toEqual(["-b", "a3"]);
    dispose();
    input.set(4);
    keys.acquire("c");
    expect(seen).toEqual([]);
  });

  it("does not let an exception of one key reach another", () => {
    const { graph, errors } = setup();
    const keys = liveKeys();
    const seen: string[] = [];
    const fail = (key: string): void => {
      if (key === "b") throw new Error("no");
      seen.push(key);
    };
    graph.forEachKey(keys, fail, fail);
    graph.batch(() => ["a", "b", "c"].forEach(keys.acquire));
    graph.batch(() => ["a", "b", "c"].forEach(keys.release));
    expect(seen).toEqual(["a", "c", "a", "c"]);
    expect(errors).toEqual(["forEachKey(b): no", "gone(b): no"]);
  });

  it("follows keys that hold keys: what moves between holders within a batch stays", () => {
    const { graph } = setup();
    const objects = liveKeys();
    const hosts = liveKeys();
    const clusters = liveKeys();
    const hold = (keys: typeof hosts, name: (key: string) => string) =>
      [(key: string) => keys.acquire(name(key)), (key: string) => keys.release(name(key))] as const;
    graph.forEachKey(objects, ...hold(hosts, (key) => `host-of-${key}`));
    graph.forEachKey(hosts, ...hold(clusters, () => "shared"));
    const log: string[] = [];
    for (const [name, keys] of Object.entries({ hosts, clusters })) {
      keys.subscribe((added, removed) => log.push(`${name} +${added} -${removed}`));
    }
    objects.acquire("one");
    expect(log.splice(0)).toEqual(["hosts +host-of-one -", "clusters +shared -"]);
    graph.batch(() => {
      objects.release("one");
      objects.acquire("two");
    });
    expect(log.splice(0)).toEqual(["hosts +host-of-two -", "hosts + -host-of-one"]);
    objects.release("two");
    expect(log).toEqual(["hosts + -host-of-two", "clusters + -shared"]);
    expect([...clusters.current()]).toEqual([]);
  });
});

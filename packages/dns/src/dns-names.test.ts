import { cell, createGraph } from "@sluice/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDnsNames, type DnsNames } from "./dns-names.ts";
import { startDnsServer, type TestDnsServer } from "./testing/dns-server.ts";
import { type ManualClock, manualClock } from "./testing/manual-clock.ts";

let server: TestDnsServer;
let clock: ManualClock;
let names: DnsNames;
const graph = createGraph();

beforeEach(async () => {
  server = await startDnsServer({ "a.example": { addresses: ["10.0.0.2", "10.0.0.1"], ttl: 30 } });
  clock = manualClock();
  names = createDnsNames({ server: server.address, clock });
});
afterEach(async () => {
  names.close();
  await server.close();
});

/** What an effect sees of a name, through a derivation. */
function watch(name: string) {
  const seen: string[] = [];
  const derived = graph.derive("seen", (key) => {
    const found = names.lookup(key);
    return found === undefined ? "nothing yet" : `${found.addresses} ${found.fault ?? "ok"}`;
  });
  return { seen, stop: graph.watch(derived, name, (_key, value) => seen.push(value)) };
}

/** Resolves with what has changed next. */
function changed(): Promise<void> {
  return new Promise((done) => {
    const stop = names.onChanged(() => {
      stop();
      done();
    });
  });
}

describe("a name", () => {
  it("is resolved while it is watched, and followed when its answer runs out", async () => {
    const { seen, stop } = watch("a.example");
    expect(names.isPending()).toBe(true);
    await names.settled();
    expect(names.isPending()).toBe(false);
    expect(seen).toEqual(["nothing yet", "10.0.0.1,10.0.0.2 ok"]);

    server.set("a.example", { addresses: ["10.0.0.3"] });
    const moved = changed();
    clock.advance(30_000);
    await moved;
    expect(seen.at(-1)).toBe("10.0.0.3 ok");
    stop();
    expect(clock.due()).toEqual([]);
  });

  it("that answers the same, in another order, runs nobody", async () => {
    const { seen } = watch("a.example");
    await names.settled();
    let changes = 0;
    names.onChanged(() => changes++);
    server.set("a.example", { addresses: ["10.0.0.1", "10.0.0.2"], ttl: 30 });
    const asked = server.asked("a.example A");
    clock.advance(30_000);
    await asked;
    // A second name's answer comes after the first's.
    const other = watch("b.example");
    await names.settled();
    expect(other.seen).toHaveLength(2);
    expect(seen).toHaveLength(2);
    expect(changes).toBe(1);
    expect(server.count("a.example A")).toBe(2);
  });

  it("is asked for once, however many watch it and however they spell it", async () => {
    const first = watch("a.example");
    const second = watch("A.Example.");
    await names.settled();
    expect(second.seen).toEqual(first.seen);
    first.stop();
    expect(clock.due()).toHaveLength(1);
    expect(server.count("a.example A")).toBe(1);
  });

  it("that nobody watches is not asked for", async () => {
    expect(names.lookup("a.example")).toBeUndefined();
    expect(names.isPending()).toBe(false);
    expect(clock.due()).toEqual([]);
  });

  it("keeps its addresses when the server dies", async () => {
    const { seen } = watch("a.example");
    await names.settled();
    await server.close();
    const told = changed();
    clock.advance(30_000);
    await told;
    expect(seen.at(-1)).toBe("10.0.0.1,10.0.0.2 no DNS server can be reached");
  });

  it("that is replaced by another is let go, and the other is pending", async () => {
    server.set("b.example", { addresses: ["10.0.0.9"], ttl: 30 });
    const wanted = cell("a.example");
    const seen: unknown[] = [];
    const stop = graph.effect(() => void seen.push(names.lookup(wanted.get())?.addresses));
    await names.settled();
    wanted.set("b.example");
    expect(names.isPending()).toBe(true);
    await names.settled();
    expect(seen).toEqual([undefined, ["10.0.0.1", "10.0.0.2"], undefined, ["10.0.0.9"]]);
    expect(clock.due()).toHaveLength(1);
    stop();
  });

  it("that is let go while it is asked for is pending no more", async () => {
    server.set("silent.example", { fault: "silent" });
    const { stop } = watch("silent.example");
    const settled = names.settled();
    stop();
    await settled;
    expect(clock.due()).toEqual([]);
  });
});

describe("closed", () => {
  it("has no timer and asks nothing", async () => {
    const { seen, stop } = watch("a.example");
    await names.settled();
    watch("b.example");
    names.close();
    expect(clock.due()).toEqual([]);
    await names.settled();
    watch("c.example");
    expect(clock.due()).toEqual([]);
    expect(seen).toHaveLength(2);
    stop();
  });
});

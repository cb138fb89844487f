import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { createNameResolver, type NameResolver } from "./resolve-name.ts";
import { startDnsServer, type TestDnsServer } from "./testing/dns-server.ts";

let server: TestDnsServer;
let resolver: NameResolver;

beforeAll(async () => {
  server = await startDnsServer({
    "four.example": { addresses: ["10.0.0.2", "10.0.0.1"], ttl: 7 },
    "both.example": { addresses: ["2001:db8::1", "10.0.0.1"] },
    "six.example": { addresses: ["2001:db8::1"], ttl: 9 },
    "alias.example": { alias: "target.example", addresses: ["10.0.0.3"] },
    "empty.example": {},
    "servfail.example": { fault: "servfail" },
    "refused.example": { fault: "refused" },
    "silent.example": { fault: "silent" },
  });
  resolver = createNameResolver({ server: server.address });
});
afterAll(async () => {
  resolver?.close();
  await server?.close();
});

describe("answers of a real server", () => {
  test.each([
    ["four.example", ["10.0.0.1", "10.0.0.2"], 7],
    ["four.example.", ["10.0.0.1", "10.0.0.2"], 7],
    ["both.example", ["10.0.0.1"], 60],
    ["six.example", ["2001:db8::1"], 9],
    ["alias.example", ["10.0.0.3"], 60],
  ])("%s", async (name, addresses, ttl) => {
    const found = await resolver.resolve(name);
    expect(found).toMatchObject({ kind: "answer", ttl });
    expect(found.kind === "answer" && [...found.addresses].sort()).toEqual(addresses);
  });

  test.each(["empty.example", "nowhere.example", "localhost"])(
    "%s has none, and the system is not asked",
    async (name) => {
      expect(await resolver.resolve(name)).toMatchObject({ kind: "answer", addresses: [] });
    },
  );

  it("asks again each time: nothing is kept on the way", async () => {
    server.set("changing.example", { addresses: ["10.0.0.1"], ttl: 600 });
    await resolver.resolve("changing.example");
    server.set("changing.example", { addresses: ["10.0.0.9"], ttl: 600 });
    expect(await resolver.resolve("changing.example")).toMatchObject({ addresses: ["10.0.0.9"] });
    expect(server.count("changing.example A")).toBe(2);
  });
});

describe("failures", () => {
  test.each([
    ["servfail.example", "the DNS server failed (SERVFAIL)"],
    ["refused.example", "the DNS server refused to answer (REFUSED)"],
    ["silent.example", "no DNS server answered in time"],
  ])("%s: %s", async (name, fault) => {
    expect(await resolver.resolve(name)).toEqual({ kind: "failure", fault });
  });

  it("of a server that is not there", async () => {
    const gone = await startDnsServer();
    await gone.close();
    const lost = createNameResolver({ server: gone.address });
    expect(await lost.resolve("four.example")).toEqual({
      kind: "failure",
      fault: "no DNS server can be reached",
    });
  });

  it("are what is under way when it closes", async () => {
    const own = createNameResolver({ server: server.address });
    const asked = server.asked("silent.example A");
    const found = own.resolve("silent.example");
    await asked;
    // A failure of another name in between changes nothing about it.
    await own.resolve("refused.example");
    own.close();
    expect(await found).toEqual({ kind: "failure", fault: "the question was given up" });
  });
});

describe("names that DNS does not know", () => {
  it("are looked up as the system does, if it has a word", async () => {
    const both = createNameResolver({ server: server.address, useSystem: true });
    expect(await both.resolve("localhost")).toMatchObject({ addresses: ["127.0.0.1"] });
    expect(server.count("localhost A")).toBeGreaterThan(0);
  });

  it("are looked up so on a machine without DNS as well", async () => {
    const gone = await startDnsServer();
    await gone.close();
    const alone = createNameResolver({ server: gone.address, useSystem: true });
    expect(await alone.resolve("localhost")).toMatchObject({ addresses: ["127.0.0.1"] });
  });
});

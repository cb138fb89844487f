import type { Resource } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { ControlPlane } from "./testing/control-plane.ts";
import type { FakeEnvoy, Received } from "./testing/fake-envoy.ts";
import { bodyOf, make, ref } from "./testing/fixtures.ts";
import { TYPE_URLS } from "./type-urls.ts";

const {
  CLUSTER: CDS,
  CLUSTER_LOAD_ASSIGNMENT: EDS,
  LISTENER: LDS,
  ROUTE_CONFIGURATION: RDS,
  VIRTUAL_HOST: VHDS,
} = TYPE_URLS;

const names = (received: Received) => [...received.resources.keys()].sort();

/** A host behind a cluster behind a listener. */
function site(): Resource[] {
  return [
    make.listener("r"),
    make.routes("r"),
    make.cluster("c"),
    make.endpoints("c"),
    make.host("r/h", "c"),
  ];
}

/** Brings a delta client to where virtual hosts of `site` come next. */
async function connect(envoy: FakeEnvoy): Promise<void> {
  envoy.subscribe(CDS);
  await envoy.accept(CDS);
  envoy.subscribe(EDS, ["c"]);
  await envoy.accept(EDS);
  envoy.subscribe(LDS);
  await envoy.accept(LDS);
  envoy.subscribe(RDS, ["r"]);
  await envoy.accept(RDS);
  envoy.subscribe(VHDS);
}

/** Brings a delta client up to date with `site`. */
async function settle(plane: ControlPlane, envoy: FakeEnvoy, node = "n1"): Promise<void> {
  await connect(envoy);
  await envoy.accept(VHDS);
  await plane.ads.whenAccepted(site(), { node });
}

describe("make before break", () => {
  test("a virtual host is sent after all that it needs is accepted", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    envoy.subscribe(VHDS);
    envoy.subscribe(LDS);
    envoy.subscribe(RDS, ["r"]);
    envoy.subscribe(CDS);
    await envoy.accept(LDS);
    await envoy.accept(RDS);
    const clusters = await envoy.expectResources(CDS);
    const waiting = () => plane.ads.nodes()[0]?.types[VHDS]?.waiting;
    await plane.ads.when(() => waiting()?.length === 1);
    expect(waiting()).toEqual([{ name: "r/h", reason: "dependency", on: ref.cluster("c"), withheld: false }]);
    // As Envoy does: it asks for load assignments before it answers about clusters.
    envoy.subscribe(EDS, ["c"]);
    envoy.ack(clusters);
    const assignment = await envoy.expectResources(EDS);
    await plane.ads.when(() => waiting()?.[0]?.on.typeUrl === EDS);
    envoy.ack(assignment);
    expect(names(await envoy.accept(VHDS))).toEqual(["r/h"]);
    await plane.ads.whenIdle();
    expect(waiting()).toEqual([]);
  });

  test("state of the world: no RouteConfiguration leaves without a host whose cluster the client has yet to ask for", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client("n1", "sotw");
    envoy.subscribe(LDS);
    await envoy.accept(LDS);
    envoy.subscribe(RDS, ["r"]);
    await plane.ads.when((nodes) => nodes()[0]?.types[VHDS]?.waiting.length === 1);
    envoy.subscribe(CDS);
    const clusters = await envoy.expectResources(CDS);
    expect(envoy.unexpected).toEqual([]);
    envoy.subscribe(EDS, ["c"]);
    envoy.ack(clusters);
    await envoy.accept(EDS);
    const [inlined] = (await envoy.accept(RDS)).resources.values();
    expect(Object.keys(bodyOf(inlined?.bytes ?? new Uint8Array()).hosts ?? {})).toEqual(["r/h"]);
  });

  test("a cluster goes after the update that drops it is accepted", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    await settle(plane, envoy);
    plane.apply(
      [make.cluster("d"), make.endpoints("d"), make.host("r/h", "d")],
      [ref.cluster("c"), ref.endpoints("c")],
    );
    const first = await envoy.accept(CDS);
    expect([names(first), first.removed]).toEqual([["d"], []]);
    envoy.subscribe(EDS, ["d"]);
    await envoy.accept(EDS);
    const update = await envoy.expectResources(VHDS);
    expect(envoy.unexpected).toEqual([]);
    envoy.ack(update);
    expect((await envoy.accept(CDS)).removed).toEqual(["c"]);
  });

  test("virtual hosts of a RouteConfiguration on its way out stay until the listener has let go of it", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    await settle(plane, envoy);
    plane.apply(
      [],
      [ref.listener("r"), ref.routes("r"), ref.host("r/h"), ref.cluster("c"), ref.endpoints("c")],
    );
    expect((await envoy.accept(LDS)).removed).toEqual(["r"]);
    await plane.ads.whenIdle();
    expect(envoy.unexpected).toEqual([]);
    envoy.unsubscribe(RDS, ["r"]);
    expect((await envoy.accept(CDS)).removed).toEqual(["c"]);
    // Should it come again, so must its virtual hosts.
    plane.apply(site());
    await envoy.accept(LDS);
    await envoy.accept(CDS);
    envoy.subscribe(RDS, ["r"]);
    await envoy.accept(RDS);
    await envoy.accept(EDS);
    expect(names(await envoy.accept(VHDS))).toEqual(["r/h"]);
  });

  test("a RouteConfiguration without virtual hosts is put in use by a removal", async () => {
    await using plane = await ControlPlane.start([make.listener("r"), make.routes("r")]);
    const envoy = plane.client();
    envoy.subscribe(LDS);
    await envoy.accept(LDS);
    envoy.subscribe(RDS, ["r"]);
    await envoy.accept(RDS);
    envoy.subscribe(VHDS);
    expect(await envoy.accept(VHDS)).toMatchObject({ resources: new Map(), removed: ["r/~none"] });
  });

  test("the first virtual hosts of a RouteConfiguration come together, whatever the limit", async () => {
    const hosts = Array.from({ length: 20 }, (_, i) => make.host(`r/h${i}`, "c"));
    const limits = { maxResources: 5, maxBytes: 1e6 };
    await using plane = await ControlPlane.start([...site(), ...hosts], { limits });
    const envoy = plane.client();
    envoy.subscribe(CDS);
    envoy.subscribe(LDS);
    await envoy.accept(LDS);
    envoy.subscribe(RDS, ["r"]);
    await envoy.accept(RDS);
    envoy.subscribe(VHDS);
    const clusters = await envoy.expectResources(CDS);
    envoy.subscribe(EDS, ["c"]);
    envoy.ack(clusters);
    await envoy.accept(EDS);
    expect((await envoy.accept(VHDS)).resources.size).toBe(21);
    plane.apply(hosts.map(({ name }) => make.host(name, "c", { v: 2 })));
    expect((await envoy.accept(VHDS)).resources.size).toBe(5);
  });

  test("an updated cluster is followed by its load assignment at once", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    await settle(plane, envoy);
    plane.apply([make.cluster("c", { v: 2 })]);
    const update = await envoy.expectResources(CDS);
    expect(names(await envoy.accept(EDS))).toEqual(["c"]);
    envoy.ack(update);
    await plane.ads.whenIdle();
  });
});

describe("one response at a time", () => {
  test("changes that come while one is under way leave together", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    await settle(plane, envoy);
    plane.apply([make.host("r/h", "c", { v: 1 })]);
    const first = await envoy.expectResources(VHDS);
    for (let v = 2; v < 10; v++) plane.apply([make.host("r/h", "c", { v }), make.host(`r/h${v}`, "c")]);
    envoy.ack(first);
    const second = await envoy.accept(VHDS);
    expect(second.resources.size).toBe(9);
    expect(bodyOf(second.resources.get("r/h")?.bytes ?? new Uint8Array()).v).toBe(9);
    await plane.ads.whenIdle();
    expect(plane.ads.nodes()[0]?.types[VHDS]?.totals.responses).toBe(3);
  });

  test("a stuck node holds up no other", async () => {
    await using plane = await ControlPlane.start(site());
    const [stuck, quick] = [plane.client("stuck"), plane.client("quick")];
    await settle(plane, stuck, "stuck");
    await settle(plane, quick, "quick");
    stuck.pause();
    for (let v = 1; v <= 20; v++) {
      plane.apply([make.host("r/h", "c", { v })]);
      const received = await quick.accept(VHDS);
      expect(bodyOf(received.resources.get("r/h")?.bytes ?? new Uint8Array()).v).toBe(v);
    }
    await plane.ads.whenAccepted([ref.host("r/h")], { node: "quick" });
    stuck.resume();
    await stuck.accept(VHDS);
    await stuck.accept(VHDS);
    await plane.ads.whenAccepted([ref.host("r/h")]);
  });
});

describe("refusals", () => {
  const isBad = (received: Received) =>
    [...received.resources.values()].some(({ bytes }) => bodyOf(bytes).bad);

  /** Answers responses of a type as Envoy would, until the server has nothing more to say. */
  async function answer(plane: ControlPlane, envoy: FakeEnvoy, typeUrl: string): Promise<string[]> {
    const log: string[] = [];
    while (!plane.ads.nodes().every((node) => node.idle)) {
      const received = await envoy.expectResources(typeUrl);
      log.push(`${names(received)} ${isBad(received) ? "NACK" : "ACK"}`);
      const before = plane.ads.nodes()[0]?.types[typeUrl]?.totals.responses;
      if (isBad(received)) envoy.nack(received, "there is a fault");
      else envoy.ack(received);
      await plane.ads.when(
        (nodes) => nodes()[0]?.idle === true || nodes()[0]?.types[typeUrl]?.totals.responses !== before,
      );
    }
    return log;
  }

  test("the culprit is found in halves, the rest goes live, and it stays as it was", async () => {
    const events: string[] = [];
    const onRefused = ({ resource, words }: { resource: Resource; words: string }) =>
      events.push(`${resource.name} ${words}`);
    await using plane = await ControlPlane.start(site(), { events: { onRefused } });
    const envoy = plane.client();
    await settle(plane, envoy);
    const before = plane.ads.nodes()[0]?.types[VHDS]?.accepted["r/h"];
    plane.apply([
      make.host("r/a", "c"),
      make.host("r/b", "c"),
      make.host("r/c", "c"),
      make.host("r/h", "c", { bad: true }),
    ]);
    expect(await answer(plane, envoy, VHDS)).toEqual([
      "r/a,r/b,r/c,r/h NACK",
      "r/a,r/b ACK",
      "r/c,r/h NACK",
      "r/c ACK",
      "r/h NACK",
    ]);
    expect(events).toEqual(["r/h there is a fault"]);
    expect(plane.ads.nodes()[0]?.types[VHDS]).toMatchObject({
      accepted: { "r/h": before },
      refused: [{ name: "r/h", words: "there is a fault" }],
    });
    expect(plane.world.quarantine()).toMatchObject([{ name: "r/h", nodes: ["n1"], fallbackVersion: before }]);
    // The next version is suspected, so it travels alone.
    plane.apply([make.host("r/h", "c", { v: 3 }), make.host("r/a", "c", { v: 3 })]);
    expect((await answer(plane, envoy, VHDS)).sort()).toEqual(["r/a ACK", "r/h ACK"]);
    expect(plane.world.quarantine()).toEqual([]);
    plane.apply([make.host("r/h", "c", { v: 4 }), make.host("r/a", "c", { v: 4 })]);
    expect(await answer(plane, envoy, VHDS)).toEqual(["r/a,r/h ACK"]);
  });

  test("what depends on a refused resource is held back and says why", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    await settle(plane, envoy);
    plane.apply([make.cluster("bad", { bad: true }), make.endpoints("bad"), make.host("r/b", "bad")]);
    await envoy.refuse(CDS, "no");
    await plane.ads.when((nodes) => nodes()[0]?.types[VHDS]?.waiting[0]?.withheld === true);
    expect(plane.ads.nodes()[0]?.types[VHDS]?.waiting).toMatchObject([
      { name: "r/b", on: ref.cluster("bad") },
    ]);
    // An update that leads there does not go out either; the old form serves on.
    plane.apply([make.host("r/h", "bad")]);
    await plane.ads.whenIdle();
    expect(envoy.unexpected).toEqual([]);
    plane.apply([make.cluster("bad", { v: 2 })]);
    expect(names(await envoy.accept(CDS))).toEqual(["bad"]);
    envoy.subscribe(EDS, ["bad"]);
    await envoy.accept(EDS);
    expect(names(await envoy.accept(VHDS))).toEqual(["r/b", "r/h"]);
  });

  test("a new node gets what another has accepted, and only then what nobody has", async () => {
    await using plane = await ControlPlane.start(site());
    const old = plane.client("old");
    await settle(plane, old, "old");
    plane.apply([make.host("r/h", "c", { bad: true })]);
    await old.refuse(VHDS, "no");
    const young = plane.client("young");
    await connect(young);
    expect(isBad(await young.accept(VHDS))).toBe(false);
    expect(isBad(await young.refuse(VHDS, "no, too"))).toBe(true);
    await plane.ads.whenIdle();
    expect(plane.world.quarantine()).toMatchObject([
      { name: "r/h", nodes: ["old", "young"], words: "no, too" },
    ]);
  });

  test("what one node has refused travels alone to the next", async () => {
    await using plane = await ControlPlane.start([...site(), make.host("r/bad", "c", { bad: true })]);
    const [one, two] = [plane.client("one"), plane.client("two")];
    await connect(one);
    await one.refuse(VHDS, "no");
    for (const expected of ["r/h", "r/bad"]) {
      const received = await one.expectResources(VHDS);
      expect(names(received)).toEqual([expected]);
      if (isBad(received)) one.nack(received, "no");
      else one.ack(received);
    }
    await plane.ads.whenIdle();
    await connect(two);
    expect(names(await two.accept(VHDS))).toEqual(["r/h"]);
    expect(names(await two.refuse(VHDS, "no"))).toEqual(["r/bad"]);
  });

  test("a refusal is told by its error, not by its version", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    envoy.subscribe(CDS);
    await envoy.refuse(CDS, "");
    await plane.ads.whenIdle();
    expect(plane.world.quarantine()).toMatchObject([{ name: "c", words: "" }]);
  });
});

describe("subscriptions by name", () => {
  test("a name that does not exist is answered once, and sent when it does", async () => {
    await using plane = await ControlPlane.start([]);
    const envoy = plane.client();
    envoy.subscribe(EDS, ["late"]);
    expect(await envoy.accept(EDS)).toMatchObject({ removed: ["late"] });
    await plane.ads.whenIdle();
    expect(envoy.unexpected).toEqual([]);
    plane.apply([make.endpoints("late")]);
    expect(names(await envoy.accept(EDS))).toEqual(["late"]);
    // Envoy lets go of it by itself.
    plane.apply([], [ref.endpoints("late")]);
    await plane.ads.whenIdle();
    expect(envoy.unexpected).toEqual([]);
  });

  test("a wildcard over nothing is answered", async () => {
    await using plane = await ControlPlane.start([]);
    const envoy = plane.client();
    envoy.subscribe(CDS);
    expect(await envoy.accept(CDS)).toMatchObject({ resources: new Map(), removed: [] });
    envoy.subscribe(LDS);
    expect(await envoy.accept(LDS)).toMatchObject({ resources: new Map(), removed: [] });
  });
});

describe("reconnect", () => {
  test("only what differs from what the client has is sent", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client();
    await settle(plane, envoy);
    const versions = (type: string) => ({ ...plane.ads.nodes()[0]?.types[type]?.accepted });
    const held = { [CDS]: versions(CDS), [EDS]: versions(EDS), [LDS]: versions(LDS), [RDS]: versions(RDS) };
    envoy.reconnect();
    plane.apply([make.cluster("new")]);
    envoy.subscribe(CDS, [], held[CDS]);
    envoy.subscribe(EDS, ["c"], held[EDS]);
    envoy.subscribe(LDS, [], held[LDS]);
    envoy.subscribe(RDS, ["r"], held[RDS]);
    envoy.subscribe(VHDS, [], { "r/h": "of an earlier control plane", "r/gone": "as well" });
    expect(names(await envoy.accept(CDS))).toEqual(["new"]);
    const hosts = await envoy.accept(VHDS);
    expect([names(hosts), hosts.removed]).toEqual([["r/h"], ["r/gone"]]);
    await plane.ads.whenIdle();
    expect(envoy.unexpected).toEqual([]);
    await plane.ads.whenAccepted(site());
  });

  test("nothing is answered before the world is open, and what the client has is compared then", async () => {
    await using plane = await ControlPlane.start([], { open: false });
    const envoy = plane.client();
    const cluster = make.cluster("c");
    envoy.subscribe(CDS, [], { c: cluster.version });
    await plane.ads.when((nodes) => nodes().length === 1);
    plane.apply([cluster, make.cluster("d")]);
    expect(envoy.unexpected).toEqual([]);
    plane.world.open();
    expect(names(await envoy.accept(CDS))).toEqual(["d"]);
  });
});

describe("state of the world", () => {
  test("virtual hosts come inlined, and clusters all together", async () => {
    await using plane = await ControlPlane.start(site());
    const envoy = plane.client("s", "sotw");
    envoy.subscribe(CDS);
    await envoy.accept(CDS);
    envoy.subscribe(EDS, ["c"]);
    await envoy.accept(EDS);
    envoy.subscribe(LDS);
    await envoy.accept(LDS);
    envoy.subscribe(RDS, ["r"]);
    const hostsOf = (received: Received) =>
      bodyOf(received.resources.get("0")?.bytes ?? new Uint8Array()).hosts;
    expect(hostsOf(await envoy.accept(RDS))).toEqual({ "r/h": { cluster: "c" } });
    plane.apply(
      [make.cluster("d"), make.endpoints("d"), make.host("r/h", "d")],
      [ref.cluster("c"), ref.endpoints("c")],
    );
    expect((await envoy.accept(CDS)).resources.size).toBe(2);
    envoy.subscribe(EDS, ["c", "d"]);
    await envoy.accept(EDS);
    expect(hostsOf(await envoy.accept(RDS))).toEqual({ "r/h": { cluster: "d" } });
    expect((await envoy.accept(CDS)).resources.size).toBe(1);
    await plane.ads.whenIdle();
  });
});

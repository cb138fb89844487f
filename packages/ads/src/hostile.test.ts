import { describe, expect, test } from "vitest";
import { ControlPlane } from "./testing/control-plane.ts";
import type { FakeEnvoy } from "./testing/fake-envoy.ts";
import { bodyOf, make, ref } from "./testing/fixtures.ts";
import { type RawClient, rawClient } from "./testing/raw-client.ts";
import { TYPE_URLS } from "./type-urls.ts";
import type { WorldEvents } from "./world.ts";

/** What clients do that are broken or mean: each may hurt itself, and nobody else. */

const { CLUSTER: CDS, CLUSTER_LOAD_ASSIGNMENT: EDS, VIRTUAL_HOST: VHDS } = TYPE_URLS;

/** A change reaches a client that behaves. */
async function expectService(plane: ControlPlane, version: number): Promise<void> {
  const envoy = plane.client(`good-${version}`);
  envoy.subscribe(CDS);
  await envoy.accept(CDS);
  plane.apply([make.cluster("c", { v: version })]);
  await envoy.accept(CDS);
  envoy.close();
}

describe("an exception on one stream", () => {
  test.each(["delta", "sotw"] as const)(
    "ends it, is told of with the node's id, and hurts no other (%s)",
    async (variant) => {
      const errors: [string, string][] = [];
      const onError = (error: unknown, node: string) => errors.push([String(error), node]);
      const events: WorldEvents = {
        onAccepted({ node }) {
          if (node === "unlucky") throw new Error("a bug");
        },
      };
      await using plane = await ControlPlane.start([make.cluster("c")], { onError, events });
      const [lucky, unlucky] = [plane.client("lucky", variant), plane.client("unlucky", variant)];
      lucky.subscribe(CDS);
      await lucky.accept(CDS);
      unlucky.subscribe(CDS);
      await unlucky.accept(CDS);
      expect(await unlucky.ended()).toContain("the control plane failed");
      expect(errors).toEqual([["Error: a bug", "unlucky"]]);
      await plane.ads.when((nodes) => nodes().length === 1);
      plane.apply([make.cluster("c", { v: 2 })]);
      await lucky.accept(CDS);
    },
  );

  test("while its node is given a world, or is told of, is no different", async () => {
    const errors: [string, string][] = [];
    const worlds = await ControlPlane.start([make.cluster("c")]);
    await using plane = await ControlPlane.start([], {
      onError: (error, node) => errors.push([String(error), node]),
      onNode(info) {
        if (info.id === "unlucky") throw new Error("no world");
        return worlds.world;
      },
      onConnection() {
        throw new Error("nobody listens");
      },
    });
    const unlucky = plane.client("unlucky");
    unlucky.subscribe(CDS);
    expect(await unlucky.ended()).toContain("the control plane failed");
    const lucky = plane.client("lucky");
    lucky.subscribe(CDS);
    await lucky.accept(CDS);
    expect(errors).toEqual([
      ["Error: no world", "unlucky"],
      ["Error: nobody listens", "lucky"],
    ]);
    await worlds[Symbol.asyncDispose]();
  });

  test("in what inlines virtual hosts spares the nodes that need none inlined", async () => {
    const errors: string[] = [];
    await using plane = await ControlPlane.start([make.listener("r"), make.routes("r")], {
      onError: (error, node) => errors.push(`${node}: ${error}`),
      inline() {
        throw new Error("cannot inline");
      },
    });
    const [sotw, delta] = [plane.client("sotw", "sotw"), plane.client("delta")];
    for (const envoy of [sotw, delta]) {
      envoy.subscribe(TYPE_URLS.LISTENER);
      await envoy.accept(TYPE_URLS.LISTENER);
      envoy.subscribe(TYPE_URLS.ROUTE_CONFIGURATION, ["r"]);
    }
    expect(await sotw.ended()).toContain("the control plane failed");
    await delta.accept(TYPE_URLS.ROUTE_CONFIGURATION);
    expect(errors).toEqual(["sotw: Error: cannot inline"]);
  });
});

describe("garbage", () => {
  const node = { id: "odd" };
  const types = (plane: ControlPlane) => Object.keys(plane.ads.nodes()[0]?.types ?? {});

  test.each<[string, (client: RawClient) => void]>([
    [
      "bytes that are no message",
      (client) => client.sendBytes(Buffer.from("\xff\xff\xff no protobuf", "latin1")),
    ],
    ["no node", (client) => client.send({ typeUrl: CDS })],
    [
      "a node that is named too late",
      (client) => {
        client.send({ typeUrl: CDS });
        client.send({ node, typeUrl: CDS });
      },
    ],
  ])("%s ends the stream, of which nothing is left", async (_, attack) => {
    await using plane = await ControlPlane.start([make.cluster("c")]);
    const client = rawClient(plane.ads.address);
    attack(client);
    expect(await client.ended).not.toBe("");
    await expectService(plane, 2);
    await plane.ads.when((nodes) => nodes().length === 0);
    client.close();
  });

  test("types that are not served, nonces that nobody gave and names that nobody has are passed over", async () => {
    await using plane = await ControlPlane.start([make.cluster("c"), make.endpoints("c")]);
    const client = rawClient(plane.ads.address);
    client.send({
      node,
      typeUrl: "type.googleapis.com/no.such.Type",
      resourceNamesSubscribe: ["x", "*", ""],
    });
    client.send({ typeUrl: "", responseNonce: "7", errorDetail: { code: 3, message: "what?" } });
    client.send({ typeUrl: "\u0000", resourceNamesSubscribe: ["\u0000"] });
    for (const nonce of ["0", "1", "-1", "99999999999999999999", "\u0000", "NaN"]) {
      client.send({ typeUrl: EDS, responseNonce: nonce });
      client.send({ typeUrl: EDS, responseNonce: nonce, errorDetail: { code: 3, message: "bad" } });
    }
    client.send({ typeUrl: EDS, resourceNamesUnsubscribe: ["never", "*", ""] });
    client.send({
      typeUrl: EDS,
      resourceNamesSubscribe: ["", "__proto__", "/", "~none", "\u0000", "x".repeat(100_000)],
    });
    client.send({ typeUrl: VHDS, resourceNamesSubscribe: ["/", "no-slash", "a/b/c"] });
    client.send({
      typeUrl: EDS,
      initialResourceVersions: { __proto__: "1", c: "2" },
      resourceNamesSubscribe: ["c"],
    });
    await plane.ads.when(() => types(plane).includes(VHDS));
    await expectService(plane, 2);
    expect(types(plane)).toEqual([EDS, VHDS]);
    expect(plane.world.quarantine()).toEqual([]);
    client.close();
    await plane.ads.when((nodes) => nodes().length === 0);
  });

  test("another node in a later request changes nothing: a stream has one node", async () => {
    await using plane = await ControlPlane.start([make.cluster("c")]);
    const client = rawClient(plane.ads.address);
    client.send({ node, typeUrl: CDS });
    client.send({ node: { id: "other" }, typeUrl: EDS, resourceNamesSubscribe: ["c"] });
    await plane.ads.when((nodes) => nodes()[0]?.types[EDS] !== undefined);
    expect(plane.ads.nodes().map(({ info }) => info.id)).toEqual(["odd"]);
    client.close();
  });

  test("ten thousand names that nobody has are answered once", async () => {
    await using plane = await ControlPlane.start([make.cluster("c")]);
    const names = Array.from({ length: 10_000 }, (_, i) => `n${i}`);
    const envoy = plane.client();
    envoy.subscribe(EDS, names);
    const gone = new Set<string>();
    while (gone.size < names.length) for (const name of (await envoy.accept(EDS)).removed) gone.add(name);
    await plane.ads.whenIdle();
    expect(envoy.unexpected).toEqual([]);
    envoy.unsubscribe(EDS, names);
    await plane.ads.when((nodes) => nodes()[0]?.types[EDS]?.subscribed.length === 0);
    await expectService(plane, 2);
  });
});

describe("what comes and goes", () => {
  test("leaves nothing behind on a client that answers nothing", async () => {
    await using plane = await ControlPlane.start([make.routes("r"), make.cluster("c"), make.endpoints("c")]);
    const envoy = plane.client();
    envoy.subscribe(VHDS);
    envoy.subscribe(CDS);
    await envoy.expectResources(CDS);
    for (let i = 0; i < 100; i++) {
      plane.apply([make.host(`r/${i}`, "c")]);
      plane.apply([], [ref.host(`r/${i}`)]);
    }
    const types = plane.ads.nodes()[0]?.types;
    expect(types?.[VHDS]).toMatchObject({ waiting: [], sent: {} });
    await expectService(plane, 2);
  });

  test("is not remembered as sent when it was refused", async () => {
    await using plane = await ControlPlane.start([make.cluster("c")]);
    const envoy = plane.client();
    envoy.subscribe(CDS);
    await envoy.accept(CDS);
    plane.apply([make.cluster("bad")]);
    await envoy.refuse(CDS, "no");
    await plane.ads.whenIdle();
    plane.apply([], [ref.cluster("bad")]);
    await plane.ads.whenIdle();
    const [view] = plane.ads.nodes();
    expect(view?.types[CDS]).toMatchObject({ refused: [] });
    expect(Object.keys(view?.types[CDS]?.sent ?? {})).toEqual(["c"]);
    expect(plane.world.quarantine()).toEqual([]);
  });
});

test("two hundred clients come, refuse, stall and go in every phase, and one that behaves misses nothing", {
  timeout: 60_000,
}, async () => {
  const hosts = Array.from({ length: 20 }, (_, i) => make.host(`r/${i}`, "c"));
  const site = [make.listener("r"), make.routes("r"), make.cluster("c"), make.endpoints("c"), ...hosts];
  await using plane = await ControlPlane.start(site);
  const [LDS, RDS] = [TYPE_URLS.LISTENER, TYPE_URLS.ROUTE_CONFIGURATION];
  const steps: ((envoy: FakeEnvoy) => unknown)[] = [
    (envoy) => envoy.subscribe(CDS),
    (envoy) => envoy.accept(CDS),
    (envoy) => envoy.subscribe(EDS, ["c"]),
    (envoy) => envoy.accept(EDS),
    (envoy) => envoy.subscribe(LDS),
    (envoy) => envoy.refuse(LDS, "no"),
    (envoy) => envoy.subscribe(RDS, ["r"]),
    (envoy) => envoy.accept(RDS),
    (envoy) => envoy.subscribe(VHDS),
    (envoy) => envoy.refuse(VHDS, "no"),
    (envoy) => envoy.refuse(VHDS, "no"),
    (envoy) => envoy.unsubscribe(EDS, ["c"]),
  ];
  const crowd = Array.from({ length: 200 }, async (_, i) => {
    // Some share an id.
    const envoy = plane.client(`n${i % 150}`);
    for (const step of steps.slice(0, 1 + (i % steps.length))) await step(envoy);
    if (i % 3 === 0) envoy.pause();
    if (i % 2 === 0) envoy.close();
    return envoy;
  });
  const all = await Promise.all(crowd);
  const good = plane.client("good");
  for (const step of [0, 1, 2, 3, 4]) await steps[step]?.(good);
  await good.accept(LDS);
  for (const step of [6, 7, 8]) await steps[step]?.(good);
  const seen = new Set<string>();
  // The first one brings what others accepted, the next what nobody has.
  while (seen.size < hosts.length)
    for (const name of (await good.accept(VHDS)).resources.keys()) seen.add(name);
  for (let v = 1; v <= 20; v++) {
    plane.apply(hosts.map((host) => make.host(host.name, "c", { v })));
    await good.accept(VHDS);
  }
  expect(
    plane.ads
      .nodes()
      .every(({ info, types }) => info.id === "good" || (types[VHDS]?.totals.responses ?? 0) < 50),
  ).toBe(true);
  for (const envoy of [...all, good]) envoy.close();
  await plane.ads.when((nodes) => nodes().length === 0);
});

test("a client that reads nothing more is sent no more than fits, however much changes", async () => {
  await using plane = await ControlPlane.start([make.endpoints("a"), make.endpoints("b")]);
  const [slow, quick] = [plane.client("slow"), plane.client("quick")];
  for (const envoy of [slow, quick]) {
    envoy.subscribe(EDS, ["a", "b"]);
    await envoy.accept(EDS);
  }
  await plane.ads.whenIdle();
  slow.pause();
  for (let v = 0; v < 200; v++) {
    plane.apply([make.endpoints("a", { v, text: "x".repeat(100_000) })]);
    await quick.accept(EDS);
  }
  const view = plane.ads.nodes().find(({ info }) => info.id === "slow");
  expect(view?.types[EDS]?.totals.responses).toBe(2);
  slow.resume();
  await slow.accept(EDS);
  const latest = await slow.accept(EDS);
  expect(bodyOf(latest.resources.get("a")?.bytes ?? new Uint8Array()).v).toBe(199);
});

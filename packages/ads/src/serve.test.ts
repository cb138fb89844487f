import { rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import type { NodeInfo } from "./node-info.ts";
import { serveAds } from "./serve.ts";
import { ControlPlane } from "./testing/control-plane.ts";
import { FakeEnvoy } from "./testing/fake-envoy.ts";
import { inline, make, ref } from "./testing/fixtures.ts";
import { TYPE_URLS } from "./type-urls.ts";
import { World } from "./world.ts";

const { CLUSTER: CDS } = TYPE_URLS;

test("a node is known by its first request, and gets the world that it is given", async () => {
  const seen: NodeInfo[] = [];
  const [a, b] = [new World(), new World()];
  for (const [world, name] of [
    [a, "ca"],
    [b, "cb"],
  ] as const) {
    world.apply({ set: [make.cluster(name)], removed: [] });
    world.open();
  }
  const onNode = (info: NodeInfo) => {
    seen.push(info);
    return info.cluster === "a" ? a : b;
  };
  await using plane = await ControlPlane.start([], { onNode });
  const about = {
    cluster: "a",
    userAgentName: "envoy",
    userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40, patch: 2 } },
    extensions: [
      { name: "envoy.filters.http.cors", category: "envoy.filters.http", typeUrls: ["x.Cors"] },
      { name: "off", category: "y", disabled: true },
    ],
  };
  const one = new FakeEnvoy({ address: plane.ads.address, node: "one", about });
  one.subscribe(CDS);
  expect([...(await one.accept(CDS)).resources.keys()]).toEqual(["ca"]);
  expect(seen).toEqual([
    {
      id: "one",
      cluster: "a",
      version: "1.40.2",
      userAgent: "envoy",
      extensions: [{ name: "envoy.filters.http.cors", category: "envoy.filters.http", typeUrls: ["x.Cors"] }],
    },
  ]);
  const two = plane.client("two");
  two.subscribe(CDS);
  expect([...(await two.accept(CDS)).resources.keys()]).toEqual(["cb"]);
  one.close();
});

test("a node without id, and one that is not wanted, are told why", async () => {
  await using plane = await ControlPlane.start([], { onNode: () => "this node is too old" });
  for (const [node, why] of [
    ["", "must name its node"],
    ["old", "this node is too old"],
  ] as const) {
    const envoy = plane.client(node);
    envoy.subscribe(CDS);
    expect(await envoy.ended()).toContain(why);
  }
  expect(plane.ads.nodes()).toEqual([]);
});

test("state of the world is refused where nothing can be inlined", async () => {
  const world = new World();
  const ads = await serveAds({ address: "127.0.0.1:0", onNode: () => world });
  const envoy = new FakeEnvoy({ address: ads.address, node: "n", variant: "sotw" });
  envoy.subscribe(CDS);
  expect(await envoy.ended()).toContain("incremental protocol only");
  envoy.close();
  await ads.close();
});

test("the socket is for its owner only, and one left behind is replaced", async () => {
  const onNode = () => new World();
  await using plane = await ControlPlane.start([], { onNode });
  const path = plane.ads.address.slice("unix:".length);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await expect(serveAds({ address: plane.ads.address, onNode, inline })).rejects.toMatchObject({
    code: "address-in-use",
  });
  // A process that is killed leaves its socket; a server that is closed would not.
  await plane.ads.close();
  await rm(path, { force: true });
  const { spawnSync } = await import("node:child_process");
  const leave = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", leave]);
  expect((await stat(path)).isSocket()).toBe(true);
  const again = await serveAds({ address: plane.ads.address, onNode, inline });
  await again.close();
});

test("a port in use is an error that names it", async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await expect(serveAds({ address: `127.0.0.1:${port}`, onNode: () => new World() })).rejects.toMatchObject({
    code: "listen-failed",
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  await new Promise((done) => server.close(done));
});

test("closing ends the streams", async () => {
  await using plane = await ControlPlane.start([make.cluster("c")]);
  const envoy = plane.client();
  envoy.subscribe(CDS);
  await envoy.accept(CDS);
  await plane.ads.close();
  expect(await envoy.ended()).toContain("shuts down");
});

test("a stream with the same node id supersedes the older one, which is served on", async () => {
  const connections: string[] = [];
  const onConnection = (event: { info: NodeInfo; connected: boolean }) =>
    connections.push(`${event.info.id} ${event.connected}`);
  await using plane = await ControlPlane.start([make.cluster("c")], { onConnection });
  const [old, young] = [plane.client("n"), plane.client("n")];
  old.subscribe(CDS);
  const unanswered = await old.expectResources(CDS);
  young.subscribe(CDS);
  await young.accept(CDS);
  // Only the younger counts.
  await plane.ads.whenAccepted([ref.cluster("c")]);
  await plane.ads.whenIdle();
  expect(plane.ads.nodes().map((node) => node.superseded)).toEqual([true, false]);
  old.ack(unanswered);
  plane.apply([make.cluster("d")]);
  await old.accept(CDS);
  await young.accept(CDS);
  old.close();
  await plane.ads.when((nodes) => nodes().length === 1);
  expect(connections).toEqual(["n true", "n true", "n false"]);
});

test("waiting ends with its signal", async () => {
  await using plane = await ControlPlane.start([make.cluster("c")]);
  const controller = new AbortController();
  const waiting = plane.ads.whenAccepted([ref.cluster("c")], { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(plane.ads.when(() => false, { signal: controller.signal })).rejects.toThrow("enough");
});

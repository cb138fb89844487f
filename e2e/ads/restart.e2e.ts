import { expect, test } from "vitest";
import { answer, cluster, endpoints, host, listener, ref, routes } from "./resources.ts";
import { freePort, Rig } from "./rig.ts";

const signal = () => AbortSignal.timeout(30_000);

/** Resources sent since the control plane began, all types together. */
function sent(rig: Rig): number {
  const types = Object.values(rig.ads?.nodes()[0]?.types ?? {});
  return types.reduce((sum, type) => sum + type.totals.resources + type.totals.removals, 0);
}

test("delta: a control plane that comes back resends nothing that Envoy has", async () => {
  await using rig = await Rig.make("delta");
  const port = await freePort();
  const backend = await rig.backend("ok");
  const base = [listener("http", port), routes("http"), cluster("c"), endpoints("c", [backend])];
  const hosts = Array.from({ length: 100 }, (_, i) => host("http", `h${i}.test`, "c"));
  await rig.serve([...base, ...hosts]);
  await rig.startEnvoy();
  await rig.idle();
  const traffic = rig.traffic(port, "h0.test");
  await rig.stopServing();
  await rig.serve([...base, ...hosts]);
  await rig.ads?.whenAccepted([...base, ...hosts], { signal: signal() });
  await rig.idle();
  expect(sent(rig)).toBe(0);

  // It changed while nobody served: only what differs is sent, and what nobody wants goes.
  await rig.stopServing();
  const moved = [cluster("d"), endpoints("d", [backend]), host("http", "h0.test", "d")];
  const gone = [ref.cluster("c"), ref.endpoints("c"), ref.host("http/h1.test")];
  const kept = hosts.slice(2).map((one) => answer("http", one.name.slice(5), "kept"));
  await rig.serve([listener("http", port), routes("http"), ...moved, ...kept]);
  await rig.ads?.whenAccepted([...moved, ...kept, ...gone.slice(0, 1), ...gone.slice(2)], {
    signal: signal(),
  });
  expect(await rig.get(port, "h1.test")).toBe("404");
  expect(await rig.get(port, "h2.test")).toBe("200 kept");
  const answers = await traffic.stop();
  expect(Object.keys(answers)).toEqual(["200 ok"]);
  expect(Object.keys(rig.ads?.nodes()[0]?.types[ref.cluster("").typeUrl]?.accepted ?? {})).toEqual(["d"]);
  expect(sent(rig)).toBe(moved.length + kept.length + 2);
});

test("sotw: a control plane that comes back loses no request", async () => {
  await using rig = await Rig.make("sotw");
  const port = await freePort();
  const backend = await rig.backend("ok");
  const world = [
    listener("http", port),
    routes("http"),
    cluster("c"),
    endpoints("c", [backend]),
    ...Array.from({ length: 100 }, (_, i) => host("http", `h${i}.test`, "c")),
  ];
  await rig.serve(world);
  await rig.startEnvoy();
  const traffic = rig.traffic(port, "h99.test");
  await rig.stopServing();
  await rig.serve(world);
  await rig.ads?.whenAccepted(world, { signal: signal() });
  expect(Object.keys(await traffic.stop())).toEqual(["200 ok"]);
});

test("an Envoy that waits for a control plane gets nothing before the world is complete", async () => {
  await using rig = await Rig.make("delta");
  const port = await freePort();
  await rig.serve([]);
  const envoy = await rig.startEnvoy();
  await rig.stopServing();
  await rig.serveClosed([listener("http", port), routes("http"), answer("http", "a.test", "1")]);
  await rig.ads?.when((nodes) => nodes().length === 1, { signal: signal() });
  rig.world.apply({ set: [answer("http", "b.test", "2")], removed: [] });
  await expect(rig.get(port, "a.test", false)).rejects.toThrow();
  rig.world.open();
  await rig.ads?.whenAccepted([ref.host("http/b.test")], { signal: signal() });
  expect(await rig.get(port, "a.test")).toBe("200 1");
  expect(await rig.get(port, "b.test")).toBe("200 2");
  expect(envoy.pid).toBeGreaterThan(0);
});

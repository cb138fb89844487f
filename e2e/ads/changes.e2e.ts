import { createSocket } from "node:dgram";
import { any } from "@sluice/protos";
import { expect, test } from "vitest";
import { answer, cluster, endpoints, host, listener, ref, routes } from "./resources.ts";
import { freePort, Rig } from "./rig.ts";

const VARIANTS = ["delta", "sotw"] as const;

test.each(VARIANTS)("%s: a cold start is complete before the listener opens", async (variant) => {
  await using rig = await Rig.make(variant);
  const port = await freePort();
  const backend = await rig.backend("one");
  const hosts = Array.from({ length: 200 }, (_, i) => host("http", `h${i}.test`, "c"));
  await rig.serve([
    listener("http", port),
    routes("http"),
    cluster("c"),
    endpoints("c", [backend]),
    ...hosts,
  ]);
  await rig.startEnvoy();
  // The first request that the listener takes finds its host, whichever it is.
  expect(await rig.get(port, "h199.test")).toBe("200 one");
  expect(await rig.get(port, "h0.test")).toBe("200 one");
  expect(await rig.get(port, "elsewhere.test")).toBe("404");
  await rig.idle();
  const node = rig.ads?.nodes()[0];
  expect(Object.values(node?.types ?? {}).flatMap((type) => type.waiting)).toEqual([]);
  expect(node?.info).toMatchObject({ id: "node-1", version: "1.40.0" });
  expect(node?.info.extensions.some((one) => one.name === "envoy.filters.http.router")).toBe(true);
});

test.each(VARIANTS)(
  "%s: a route moves between clusters that come and go, and no request is lost",
  async (variant) => {
    await using rig = await Rig.make(variant);
    const port = await freePort();
    const backend = await rig.backend("ok");
    const at = (i: number) => [
      cluster(`c${i}`),
      endpoints(`c${i}`, [backend]),
      host("http", "a.test", `c${i}`),
    ];
    await rig.serve([listener("http", port), routes("http"), ...at(0)]);
    await rig.startEnvoy();
    const traffic = rig.traffic(port, "a.test");
    for (let i = 1; i <= 30; i++) {
      const removed = [ref.cluster(`c${i - 1}`), ref.endpoints(`c${i - 1}`)];
      // Some changes wait for the last to be live, others overtake it.
      if (i % 3 === 0) rig.world.apply({ set: at(i), removed });
      else await rig.apply(at(i), removed);
    }
    await rig.idle();
    expect(Object.keys(await traffic.stop())).toEqual(["200 ok"]);
    const clusters = rig.ads?.nodes()[0]?.types[ref.cluster("").typeUrl]?.accepted;
    expect(Object.keys(clusters ?? {})).toEqual(["c30"]);
  },
);

test.each(VARIANTS)("%s: a cluster is updated under its traffic", async (variant) => {
  await using rig = await Rig.make(variant);
  const port = await freePort();
  const backend = await rig.backend("ok");
  await rig.serve([
    listener("http", port),
    routes("http"),
    cluster("c"),
    endpoints("c", [backend]),
    host("http", "a.test", "c"),
  ]);
  const envoy = await rig.startEnvoy();
  const traffic = rig.traffic(port, "a.test");
  for (let i = 1; i <= 10; i++) await rig.apply([cluster("c", { connectTimeout: { seconds: i + 1 } })]);
  expect(Object.keys(await traffic.stop())).toEqual(["200 ok"]);
  // Warm, and not waiting for a load assignment until a timeout.
  const dump = await envoy.admin.get("/config_dump?resource=dynamic_warming_clusters");
  expect(JSON.parse(dump.body)).toEqual({});
  const active = await envoy.admin.get("/config_dump?resource=dynamic_active_clusters");
  expect(JSON.parse(active.body).configs).toMatchObject([{ cluster: { name: "c", connect_timeout: "11s" } }]);
});

test.each(VARIANTS)("%s: listeners and RouteConfigurations come, go and come back", async (variant) => {
  await using rig = await Rig.make(variant);
  const [one, two] = [await freePort(), await freePort()];
  await rig.serve([listener("one", one), routes("one"), answer("one", "a.test", "1")]);
  await rig.startEnvoy();
  const traffic = rig.traffic(one, "a.test");
  for (let i = 0; i < 3; i++) {
    await rig.apply([listener("two", two), routes("two"), answer("two", "a.test", `2.${i}`)]);
    expect(await rig.get(two, "a.test", false)).toBe(`200 2.${i}`);
    await rig.apply([], [ref.listener("two"), ref.routes("two"), ref.host("two/a.test")]);
    await expect(rig.get(two, "a.test", false)).rejects.toThrow();
  }
  // No virtual host: the listener opens all the same.
  await rig.apply([listener("empty", two), routes("empty")]);
  expect(await rig.get(two, "a.test")).toBe("404");
  await rig.apply([answer("empty", "a.test", "late")]);
  expect(await rig.get(two, "a.test")).toBe("200 late");
  // The RouteConfiguration changes, and its virtual hosts stay.
  await rig.apply([routes("empty", { responseHeadersToRemove: ["x-gone"] })]);
  expect(await rig.get(two, "a.test")).toBe("200 late");
  // A listener goes over to another RouteConfiguration while it is in use.
  const moved = rig.traffic(two, "a.test");
  await rig.apply(
    [listener("empty", two, "new"), routes("new"), answer("new", "a.test", "late")],
    [ref.routes("empty"), ref.host("empty/a.test")],
  );
  expect(Object.keys(await moved.stop())).toEqual(["200 late"]);
  expect(Object.keys(await traffic.stop())).toEqual(["200 1"]);
});

test.each(VARIANTS)("%s: a cluster whose name does not resolve holds up no other", async (variant) => {
  await using rig = await Rig.make(variant);
  const port = await freePort();
  const backend = await rig.backend("ok");
  // A resolver that never answers: Envoy warms the cluster, and withholds its answers to CDS meanwhile.
  const silent = createSocket("udp4");
  await new Promise<void>((done) => silent.bind(0, "127.0.0.1", done));
  try {
    await rig.serve([listener("http", port), routes("http"), answer("http", "a.test", "a")]);
    await rig.startEnvoy();
    await rig.idle();
    const asked = new Promise((done) => silent.once("message", done));
    rig.world.apply({ set: [unresolvable("slow", silent.address().port)], removed: [] });
    await asked;
    rig.world.apply({
      set: [cluster("c"), endpoints("c", [backend]), host("http", "c.test", "c")],
      removed: [],
    });
    await rig.ads?.whenAccepted([ref.host("http/c.test")], { signal: AbortSignal.timeout(10_000) });
    expect(await rig.get(port, "c.test")).toBe("200 ok");
    const clusters = rig.ads?.nodes()[0]?.types[ref.cluster("").typeUrl];
    expect(clusters?.inFlight?.names).toContain("slow");
    // It can be mended without being waited for.
    await rig.apply([], [ref.cluster("slow")]);
    expect(rig.ads?.nodes()[0]?.idle).toBe(true);
  } finally {
    silent.close();
  }
});

function unresolvable(name: string, resolver: number) {
  const address = (host: string, portValue: number) => ({ socketAddress: { address: host, portValue } });
  const resolvers = [address("127.0.0.1", resolver)];
  return cluster(name, {
    type: "STRICT_DNS",
    typedDnsResolverConfig: {
      name: "cares",
      typedConfig: any("envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig", {
        resolvers,
      }),
    },
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: address("nowhere.example", 80) } }] }],
    },
  });
}

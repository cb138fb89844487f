import type { Resource, ResourceRef } from "@sluice/model";
import { any, TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { answer, cluster, endpoints, host, listener, ref, resource, routes } from "./resources.ts";
import { freePort, Rig } from "./rig.ts";

interface Fault {
  readonly what: string;
  /** Resources of which the first is refused, though it is valid protobuf; the others go with it. */
  readonly make: (port: number) => readonly Resource[];
  /** That which depends on it and must not be sent either. */
  readonly blocked?: ResourceRef;
}

const badRoute = (more: object) => ({ match: { prefix: "/" }, directResponse: { status: 200 }, ...more });

/** Things that Envoy 1.40 refuses although their messages pass every constraint. */
const CORPUS: readonly Fault[] = [
  {
    what: "a virtual host with a pattern that is no RE2",
    make: () => [
      answer("http", "bad.test", "", {
        routes: [{ match: { safeRegex: { regex: "(" } }, directResponse: { status: 200 } }],
      }),
    ],
  },
  {
    what: "a virtual host with the domain of another",
    make: () => [answer("http", "bad.test", "", { domains: ["h7.test"] })],
  },
  {
    what: "a virtual host that configures an extension that is not there",
    make: () => [
      answer("http", "bad.test", "", {
        routes: [badRoute({ typedPerFilterConfig: { x: { typeUrl: "type.googleapis.com/no.such.Type" } } })],
      }),
    ],
  },
  {
    what: "a virtual host with a bad header format",
    make: () => [
      answer("http", "bad.test", "", { requestHeadersToAdd: [{ header: { key: "x", value: "%NOPE(%" } }] }),
    ],
  },
  {
    what: "a static cluster with a name for an address",
    make: () => [
      cluster("bad", {
        type: "STATIC",
        loadAssignment: {
          clusterName: "bad",
          endpoints: [{ lbEndpoints: [{ endpoint: { address: socket("no-address", 80) } }] }],
        },
      }),
      host("http", "bad.test", "bad"),
    ],
    blocked: ref.host("http/bad.test"),
  },
  {
    what: "a cluster with an unknown transport socket",
    make: () => [
      cluster("bad", {
        transportSocket: { name: "x", typedConfig: { typeUrl: "type.googleapis.com/no.such.Type" } },
      }),
      endpoints("bad", []),
      host("http", "bad.test", "bad"),
    ],
    blocked: ref.host("http/bad.test"),
  },
  {
    what: "a load assignment with a name for an address",
    make: () => [
      resource(TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, "bad", {
        clusterName: "bad",
        endpoints: [{ lbEndpoints: [{ endpoint: { address: socket("no-address", 80) } }] }],
      }),
      cluster("bad"),
      host("http", "bad.test", "bad"),
    ],
    blocked: ref.host("http/bad.test"),
  },
  {
    what: "a listener with two equal filter chains",
    make: (port) => [
      listener("bad", port, "http", {
        filterChains: ["1", "2"].map((name) => ({
          name,
          filters: [
            {
              name: "proxy",
              typedConfig: any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
                statPrefix: "x",
                cluster: "c0",
              }),
            },
          ],
        })),
      }),
    ],
  },
  {
    what: "a RouteConfiguration with a bad header format",
    make: (port) => [
      routes("bad", { requestHeadersToAdd: [{ header: { key: "x", value: "%NOPE(%" } }] }),
      listener("bad", port),
      answer("bad", "bad.test", ""),
    ],
    blocked: ref.host("bad/bad.test"),
  },
];

function socket(address: string, portValue: number) {
  return { socketAddress: { address, portValue } };
}

function good(port: number, backend: number): Resource[] {
  const hosts = Array.from({ length: 50 }, (_, i) => [
    cluster(`c${i}`),
    endpoints(`c${i}`, [backend]),
    host("http", `h${i}.test`, `c${i}`),
  ]);
  return [listener("http", port), routes("http"), ...hosts.flat()];
}

const CASES = (["delta", "sotw"] as const).flatMap((variant) =>
  CORPUS.map((fault) => ({ ...fault, variant })),
);

test.each(CASES)("$variant: $what is refused alone, live and from a cold start", async (fault) => {
  await using rig = await Rig.make(fault.variant);
  const [port, other] = [await freePort(), await freePort()];
  const backend = await rig.backend("ok");
  await rig.serve(good(port, backend));
  await rig.startEnvoy();

  // Live, together with a good change.
  const bad = fault.make(other);
  const [culprit] = bad;
  await rig.apply([...bad, answer("http", "h1.test", "changed with it")]);
  expectQuarantine(rig, culprit, fault);
  expect(await rig.get(port, "h1.test")).toBe("200 changed with it");
  expect(await rig.get(port, "h7.test")).toBe("200 ok");
  // All else stays changeable.
  await rig.apply([
    answer("http", "h2.test", "changed later"),
    cluster("c3", { connectTimeout: { seconds: 9 } }),
  ]);
  expect(await rig.get(port, "h2.test")).toBe("200 changed later");
  expect(await rig.get(port, "h3.test")).toBe("200 ok");

  // Cold start of both.
  await rig.stopEnvoy();
  await rig.stopServing();
  await rig.serve([...bad, ...good(port, backend)]);
  await rig.startEnvoy();
  await rig.idle();
  expectQuarantine(rig, undefined, fault);
  const lost = fault.what.includes("domain of another") ? 1 : 0;
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => rig.get(port, `h${i}.test`)));
  expect(answers.filter((one) => one !== "200 ok").length).toBe(lost);

  // Mended.
  await rig.apply([], bad);
  await rig.apply([answer("http", "h1.test", "mended")]);
  expect(rig.world.quarantine()).toEqual([]);
  expect(await rig.get(port, "h1.test")).toBe("200 mended");
});

function expectQuarantine(rig: Rig, culprit: Resource | undefined, fault: Fault): void {
  const quarantine = rig.world.quarantine();
  expect(quarantine).toHaveLength(1);
  if (culprit)
    expect(quarantine).toMatchObject([
      { typeUrl: culprit.typeUrl, name: culprit.name, nodes: ["node-1"], suspects: culprit.origins },
    ]);
  expect(quarantine[0]?.words).not.toBe("");
  if (fault.blocked === undefined) return;
  const type = rig.ads?.nodes()[0]?.types[fault.blocked.typeUrl];
  expect(type?.waiting).toContainEqual(expect.objectContaining({ name: fault.blocked.name, withheld: true }));
}

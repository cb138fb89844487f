import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, pod, service } from "../support/manifests.ts";
import { countAnswers, expectShare } from "../support/shares.ts";
import { useGateway } from "../support/use-gateway.ts";

const A = "a.default.svc.cluster.local";
const B = "b.default.svc.cluster.local";
const FAR = "far.elsewhere.svc.cluster.local";

/** Value of `destination`, the shares that follow, and whether there is something to say about the sum. */
const SHARES: Readonly<
  Record<string, readonly [value: string, shares: Readonly<Record<string, number>>, sum?: string]>
> = {
  one: [A, { a: 1 }],
  weights: [`90% ${A}:80\n10% ${B}:80`, { a: 0.9, b: 0.1 }],
  "relative weights": [`1% ${A}\n2% ${B}`, { a: 1 / 3, b: 2 / 3 }, "3"],
  "no weight is 100": [`${A}\n${B}`, { a: 0.5, b: 0.5 }, "200"],
  "0 is none": [`100% ${A}\n0% ${B}`, { a: 1 }],
  "another namespace": [`  100%   ${FAR}:8080  \n\n`, { b: 1 }],
  "the first port": [FAR, { b: 1 }],
  subsets: [`50% app.default.svc.cluster.local v1\n50% app.default.svc.cluster.local v2`, { a: 0.5, b: 0.5 }],
  "a subset alone": ["app.default.svc.cluster.local:80 v2", { b: 1 }],
  "the base": ["app.default.svc.cluster.local base", { c: 1 }],
};

const BAD = [
  `50% ${A}\n50 ${B}`,
  `${A}:http`,
  `${A}:99999`,
  "a.default",
  "a.default.svc.cluster.local.",
  `50% ${A} v1 v2`,
  `-5% ${A}`,
  `0% ${A}`,
  "https://a.default.svc.cluster.local",
];

const REGISTRIES = ["user.DEFAULT-GROUP.public.nacos", "user.eureka", "100% example.dns:443", "ext.static"];

const shared = useGateway({
  backends: ["own", "a", "b", "c"],
  objects: ({ get }) => [
    ...service("far", [{ port: get("b").port }], "elsewhere", 8080),
    ...service("app", [
      { port: get("a").port, podName: "app-v1" },
      { port: get("b").port, podName: "app-v2" },
      { port: get("c").port, podName: "app-base" },
    ]),
    pod("app-v1", { "opensergo.io/canary-v1": "v1" }),
    pod("app-v2", { "opensergo.io/canary-v2": "v2" }),
    pod("app-base", { app: "app" }),
    ...Object.values(SHARES).map(([destination], n) =>
      ingress({
        name: `d${n}`,
        host: `d${n}.example.com`,
        annotations: { destination },
        paths: [
          { path: "/", service: "own" },
          { path: "/other", service: "own" },
        ],
      }),
    ),
    ...[...BAD, ...REGISTRIES].map((destination, n) =>
      ingress({
        name: `bad${n}`,
        host: `bad${n}.example.com`,
        annotations: { destination },
        paths: [{ path: "/", service: "own" }],
      }),
    ),
    ingress({
      name: "missing",
      host: "missing.example.com",
      annotations: { destination: `50% ${A}\n50% nobody.default.svc.cluster.local` },
      paths: [{ path: "/", service: "own" }],
    }),
    ingress({
      name: "gone",
      host: "gone.example.com",
      annotations: { destination: A },
      paths: [{ path: "/", service: "nobody" }],
    }),
  ],
});

const COUNT = 300;

describe("destination", () => {
  it.each(Object.entries(SHARES).map(([title, [, shares, sum]], n) => ({ title, shares, sum, n })))(
    "$title",
    async ({ shares, sum, n }) => {
      const host = `d${n}.example.com`;
      const counts = await countAnswers({ port: shared.gateway.httpPort, host, count: COUNT });
      expect([...counts.keys()].sort()).toEqual(Object.keys(shares));
      for (const [name, share] of Object.entries(shares)) expectShare(counts.get(name), COUNT, share);
      // It replaces the backends of every rule.
      expect(Object.keys(shares)).toContain(await shared.who({ host, path: "/other/x" }));
      const said = shared.diagnostics(`d${n}`);
      if (sum === undefined) expect(said).toEqual([]);
      else
        expect(said).toMatchObject([
          {
            severity: "warning",
            message: expect.stringContaining(sum),
            expected: expect.stringContaining("100"),
          },
        ]);
    },
  );

  it("a line whose Service is missing answers 503 for its share, and is reported", async () => {
    const counts = await countAnswers({
      port: shared.gateway.httpPort,
      host: "missing.example.com",
      count: COUNT,
    });
    expectShare(counts.get("a"), COUNT, 0.5);
    expectShare(counts.get("503"), COUNT, 0.5);
    expect(shared.diagnostics("missing")).toMatchObject([{ code: "service-missing" }]);
  });

  it("needs no Service behind the rule that it replaces", async () => {
    expect(await shared.who({ host: "gone.example.com" })).toBe("a");
  });

  it.each([...BAD, ...REGISTRIES].map((value, n) => [value, n] as const))(
    "%j is ignored and reported: the rules keep their backends",
    async (value, n) => {
      expectIgnored(shared, `bad${n}`, "destination", value);
      expect(await shared.who({ host: `bad${n}.example.com` })).toBe("own");
    },
  );
});

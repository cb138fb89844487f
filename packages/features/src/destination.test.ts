import { describe, expect, test } from "vitest";
import { destination } from "./destination.ts";
import { draft, parse } from "./testing/feature-bench.ts";

const backendsOf = (text: string) => {
  const { policy, found } = parse(destination, { destination: text });
  const backends = policy === undefined ? undefined : draft(destination, policy).draft.backends;
  return { backends: backends?.map(({ backend, weight }) => `${weight} ${backend.name}`), found };
};

describe("good values", () => {
  test.each<[string, readonly string[]]>([
    ["web.shop.svc.cluster.local", ["100 shop/web/first"]],
    ["web.shop.svc.cluster.local:8080", ["100 shop/web/8080"]],
    ["100% web.shop.svc.cluster.local:8080 v1", ["100 shop/web/8080/subset-v1"]],
    ["web.shop.svc.cluster.local base", ["100 shop/web/first/subset-base"]],
    [
      "90% a.x.svc.cluster.local\n  10%  b.y.svc.cluster.local:80\tv2  \n",
      ["90 x/a/first", "10 y/b/80/subset-v2"],
    ],
    ["100% a.x.svc.cluster.local\n0% b.x.svc.cluster.local", ["100 x/a/first", "0 x/b/first"]],
  ])("%o", (text, backends) => {
    expect(backendsOf(text)).toEqual({ backends, found: [] });
  });

  test.each(["30% a.x.svc.cluster.local", "a.x.svc.cluster.local\nb.x.svc.cluster.local"])(
    "%o: a sum other than 100 is reported, the weights count all the same",
    (text) => {
      const { backends, found } = backendsOf(text);
      expect(backends).toBeDefined();
      expect(found).toEqual(["annotation-value destination"]);
    },
  );

  test("a subset is the variant that service-subset makes", () => {
    const { policy } = parse(destination, { destination: "web.shop.svc.cluster.local v1" });
    expect(draft(destination, policy).draft.backends[0]?.backend).toEqual({
      name: "shop/web/first/subset-v1",
      target: { kind: "service", namespace: "shop", name: "web", port: "first" },
      variant: {
        "service-subset": { suffix: "subset-v1", labels: { "opensergo.io/canary-v1": "v1" } },
      },
    });
  });
});

describe("one bad line, and the rules keep their backends", () => {
  const good = "100% web.shop.svc.cluster.local";
  test.each([
    "web",
    "web.shop",
    "web.shop.svc",
    "web.shop.svc.cluster.local:",
    "web.shop.svc.cluster.local:0",
    "web.shop.svc.cluster.local:65536",
    "web.shop.svc.cluster.local:http",
    "WEB.shop.svc.cluster.local",
    "a.b.shop.svc.cluster.local",
    "-1% web.shop.svc.cluster.local",
    "1.5% web.shop.svc.cluster.local",
    "50 web.shop.svc.cluster.local",
    "50%",
    "web.shop.svc.cluster.local v/1",
    "web.shop.svc.cluster.local v1 v2",
    "9999999% web.shop.svc.cluster.local",
  ])("%o", (line) => {
    const { policy, diagnostics } = parse(destination, { destination: `${good}\n${line}` });
    expect(policy).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "annotation-value", severity: "warning" }]);
    expect(diagnostics[0]?.message).toContain(JSON.stringify(line));
  });

  test("no weight at all", () => {
    expect(backendsOf("0% web.shop.svc.cluster.local")).toEqual({
      backends: undefined,
      found: ["annotation-value destination"],
    });
  });

  test.each([
    "svc.group.ns.nacos",
    "50% providers:demo:1.0.DEFAULT-GROUP.public.nacos v1",
    "svc.eureka",
    "name.dns:443",
    "name.static",
  ])("%s is recognised as a registry's", (line) => {
    const { policy, diagnostics } = parse(destination, { destination: `${good}\n${line}` });
    expect(policy).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "annotation-value", value: line }]);
    expect(diagnostics[0]?.message).toContain("not supported yet");
  });
});

test("a canary has its own", () => {
  expect(destination.perVariant).toBe(true);
});

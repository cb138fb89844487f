import { defineFeature, enumType, key } from "@sluice/feature-api";
import { features } from "@sluice/features";
import type { KubeObject } from "@sluice/model";
import { describe, expect, it } from "vitest";
import { endpoint, ingress, ingressClass, service, slice, translate } from "./testing/index.ts";

const start = (...objects: KubeObject[]) => translate(objects, { features });

/** A Service with one ready endpoint. */
const ready = (name: string, namespace = "default"): KubeObject[] => [
  service(name, {}, namespace),
  slice(name, name, [endpoint("10.0.0.1")], { namespace }),
];
const READY = [...ready("web"), ...ready("v2"), ...ready("api")];

const on = (host: string, path: string, serviceName = "web") =>
  [[host, [{ path, service: serviceName }]]] as const;

describe("rules of several Ingresses on one host", () => {
  it("are put in the order of paths, whoever has them", () => {
    const { routes, found } = start(
      ...READY,
      ingress("one", { rules: [["a.test", [{ path: "/" }, { path: "/x/y", service: "v2" }]]] }),
      ingress("two", {
        rules: [
          [
            "A.TEST.",
            [
              { path: "/x", service: "api" },
              { path: "/", pathType: "Exact" },
            ],
          ],
        ],
      }),
    );
    expect(routes("a.test")).toEqual([
      "default/two/0/1 → default/web/80",
      "default/one/0/1 → default/v2/80",
      "default/two/0/0 → default/api/80",
      "default/one/0/0 → default/web/80",
    ]);
    expect(found()).toEqual([]);
  });

  it("that are the same go to the oldest, and to the next when it is gone", () => {
    const old = ingress("z-old", { age: 1, rules: on("a.test", "/x/") });
    const young = ingress("a-young", { age: 2, rules: on("a.test", "/x", "v2") });
    const { routes, found, remove, set } = start(...READY, young, old);
    expect(routes("a.test")).toEqual(["default/z-old/0/0 → default/web/80"]);
    expect(found()).toEqual(["rule-conflict a-young"]);
    remove(old);
    expect(routes("a.test")).toEqual(["default/a-young/0/0 → default/v2/80"]);
    expect(found()).toEqual([]);
    set(old);
    expect(routes("a.test")).toEqual(["default/z-old/0/0 → default/web/80"]);
  });

  it("are told apart by conditions", () => {
    const { routes, found } = start(
      ...READY,
      ingress("plain", { age: 1, rules: on("a.test", "/") }),
      ingress("with", {
        age: 2,
        rules: on("a.test", "/", "v2"),
        annotations: { "exact-match-header-x-a": "1" },
      }),
    );
    expect(routes("a.test")).toEqual([
      "default/with/0/0 → default/v2/80",
      "default/plain/0/0 → default/web/80",
    ]);
    expect(found()).toEqual([]);
  });
});

describe("canaries", () => {
  const main = ingress("main", { rules: on("a.test", "/x") });
  const canary = (name: string, age: number, annotations: Record<string, string>, path = "/x/") =>
    ingress(name, { age, rules: on("a.test", path, "v2"), annotations: { canary: "true", ...annotations } });

  it("come before their main rule and go with it", () => {
    const young = canary("young", 2, { "canary-weight": "10" });
    const old = canary("old", 1, { "canary-by-header": "x-c", "canary-weight": "20" });
    const { routes, found, remove } = start(...READY, main, young, old);
    expect(routes("a.test")).toEqual([
      "default/main/0/0/canary/old → default/v2/80",
      "default/main/0/0/not/old/0 → default/web/80",
      "default/main/0/0/canary/old/weight → default/v2/80",
      "default/main/0/0/canary/young/weight → default/v2/80",
      "default/main/0/0 → default/web/80",
    ]);
    remove(main);
    expect(routes("a.test")).toEqual([]);
    expect(found()).toEqual(["canary-without-main old", "canary-without-main young"]);
  });

  it("need the same path, type and conditions", () => {
    const wrong = [
      canary("path", 1, { "canary-weight": "10" }, "/x/y"),
      canary("conditions", 1, { "canary-weight": "10", "exact-match-header-x-a": "1" }),
      ingress("type", {
        rules: [["a.test", [{ path: "/x", pathType: "Exact", service: "v2" }]]],
        annotations: { canary: "true", "canary-weight": "10" },
      }),
    ];
    const { routes, found } = start(...READY, main, ...wrong);
    expect(routes("a.test")).toEqual(["default/main/0/0 → default/web/80"]);
    expect(found()).toEqual(wrong.map(({ metadata }) => `canary-without-main ${metadata.name}`).sort());
  });

  it("of too much weight are told once, at the oldest", () => {
    const { found } = start(
      ...READY,
      main,
      canary("one", 1, { "canary-weight": "60" }),
      canary("two", 2, { "canary-weight": "60" }),
    );
    expect(found()).toEqual(["canary-weight one"]);
  });

  it("of a default backend follow it without a word", () => {
    const both = [
      ingress("main", { rules: [], defaultBackend: "web" }),
      ingress("next", {
        rules: [],
        defaultBackend: "v2",
        annotations: { canary: "true", "canary-weight": "10" },
      }),
    ];
    expect(start(...READY, ...both).routes("*")).toEqual([
      "default/main/default/canary/next/weight → default/v2/80",
      "default/main/default → default/web/80",
    ]);
  });
});

describe("wildcard hosts", () => {
  const wild = ingress("wild", { rules: on("*.a.test", "/") });

  it("answer one label; deeper hosts get the rules without a host, and follow them", () => {
    const hostless = ingress("hostless", { rules: on("", "/x", "v2") });
    const { routes, set, remove } = start(...READY, wild);
    const own = ["*.a.test/deeper → 404", "default/wild/0/0 → default/web/80"];
    expect(routes("*.a.test")).toEqual(own);
    set(hostless);
    expect(routes("*.a.test")).toEqual(["default/hostless/0/0 → default/v2/80", ...own]);
    set(ingress("hostless", { rules: on("", "/y", "api") }));
    expect(routes("*.a.test")).toEqual(["default/hostless/0/0 → default/api/80", ...own]);
    remove(hostless);
    expect(routes("*.a.test")).toEqual(own);
  });

  it("do not have the rules without a host among their origins", () => {
    const { virtualHosts } = start(...READY, wild, ingress("hostless", { rules: on("", "/x") }));
    expect(virtualHosts.get("*.a.test")?.origins.map(({ object }) => object.name)).toEqual(["wild"]);
  });
});

describe("default backends", () => {
  it("take what is left of the hosts of the rules", () => {
    const { routes } = start(...READY, ingress("i", { rules: on("a.test", "/x"), defaultBackend: "v2" }));
    expect(routes("a.test")).toEqual(["default/i/0/0 → default/web/80", "default/i/default → default/v2/80"]);
    expect(routes("*")).toEqual([]);
  });

  it("without rules take every host", () => {
    expect(start(...READY, ingress("i", { rules: [], defaultBackend: "v2" })).routes("*")).toEqual([
      "default/i/default → default/v2/80",
    ]);
  });

  it("give way to a rule for /, and to an older one, without a word", () => {
    const { routes, found } = start(
      ...READY,
      ingress("one", { age: 1, rules: on("a.test", "/x"), defaultBackend: "v2" }),
      ingress("two", { age: 2, rules: on("a.test", "/y"), defaultBackend: "api" }),
      ingress("three", { age: 3, rules: on("a.test", "/") }),
    );
    expect(routes("a.test").at(-1)).toBe("default/three/0/0 → default/web/80");
    expect(found()).toEqual([]);
  });
});

describe("classes", () => {
  const rules = on("a.test", "/");
  const isServed = (...objects: KubeObject[]) => start(...READY, ...objects).routes("a.test").length > 0;

  it("are ours by name, or by their controller", () => {
    expect(isServed(ingress("i", { rules }))).toBe(true);
    expect(isServed(ingress("i", { rules, ingressClass: "nginx" }))).toBe(false);
    expect(isServed(ingress("i", { rules }), ingressClass("mse", "foreign"))).toBe(true);
    const ours = ingressClass("mine", "mse.alibabacloud.com/ingress");
    expect(isServed(ingress("i", { rules, ingressClass: "mine" }), ours)).toBe(true);
  });

  it("are named by the old annotation before the field", () => {
    const annotated = (name: string, field: string) =>
      ingress("i", { rules, ingressClass: field, annotations: { "kubernetes.io/ingress.class": name } });
    expect(isServed(annotated("mse", "nginx"))).toBe(true);
    expect(isServed(annotated("nginx", "mse"))).toBe(false);
    expect(isServed(annotated(" ", "mse"))).toBe(true);
  });

  it("may be absent if ours is the default, as soon as it is", () => {
    const { routes, found, set } = start(...READY, ingress("i", { rules, ingressClass: undefined }));
    expect(routes("a.test")).toEqual([]);
    expect(found()).toEqual(["ingress-class-missing i"]);
    set(ingressClass("any", "mse.alibabacloud.com/ingress", true));
    expect(routes("a.test")).toHaveLength(1);
    expect(found()).toEqual([]);
  });

  it("of others say nothing", () => {
    const foreign = ingress("i", {
      rules: on("bad host", "x"),
      ingressClass: "nginx",
      annotations: { timeout: "x" },
    });
    expect(start(foreign).found()).toEqual([]);
  });
});

describe("rules that cannot be used", () => {
  it("cost only themselves", () => {
    const { routes, found, virtualHosts } = start(
      ...READY,
      ingress("i", {
        rules: [
          ["bad host", [{}]],
          ["*.", [{}]],
          ["a.test", [{ path: "x" }, { path: "/good" }, { path: "/none", service: "" }]],
        ],
      }),
    );
    expect([...virtualHosts.keys()]).toEqual(["a.test"]);
    expect(routes("a.test")).toEqual(["default/i/2/1 → default/web/80", "default/i/2/2 → 503"]);
    expect(found()).toEqual(Array(4).fill("rule-invalid i"));
  });
});

describe("a protection that cannot be built", () => {
  const guard = (scope: "route" | "domain" | "service") =>
    defineFeature({
      id: "guard",
      title: "Guard",
      scope,
      onInvalid: "deny",
      keys: {
        guard: key(enumType(["on"]), { doc: "A guard.", example: "on" }),
      },
      parse: (values) => values.guard,
    });
  const bad = ingress("bad", { rules: on("a.test", "/x"), annotations: { guard: "junk" } });
  const same = ingress("same-host", { rules: on("a.test", "/y", "api") });
  const other = ingress("same-service", { rules: on("b.test", "/") });

  it.each([
    ["route", ["default/bad/0/0"]],
    ["domain", ["default/bad/0/0", "default/same-host/0/0"]],
    ["service", ["default/bad/0/0", "default/same-service/0/0"]],
  ] as const)("of scope %s closes the routes that it protects", (scope, closed) => {
    const { virtualHosts, found } = translate([...READY, bad, same, other], { features: [guard(scope)] });
    const routes = [...virtualHosts.values()].flatMap((host) => host.routes);
    const refused = routes.filter(({ action }) => action.kind === "respond" && action.status === 503);
    expect(refused.map(({ name }) => name).sort()).toEqual(closed);
    expect(found()).toEqual(["annotation-value-denied bad"]);
  });

  it("closes the canary of a rule too", () => {
    const canary = ingress("canary", {
      rules: on("a.test", "/x", "v2"),
      annotations: { canary: "true", "canary-weight": "50" },
    });
    const { routes } = translate([...READY, bad, canary], { features: [...features, guard("route")] });
    expect(routes("a.test")).toEqual(["default/bad/0/0/canary/canary/weight → 503", "default/bad/0/0 → 503"]);
  });
});

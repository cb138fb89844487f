import { features } from "@sluice/features";
import type { KubeObject } from "@sluice/model";
import { describe, expect, it } from "vitest";
import { endpoint, ingress, service, slice, translate } from "./testing/index.ts";

const start = (...objects: KubeObject[]) => translate(objects, { features });

const READY = [service("web"), slice("web", "web", [endpoint("10.0.0.1")])];
const on = (...hosts: string[]) => hosts.map((host) => [host, [{ path: "/" }]] as const);

describe("an alias", () => {
  const main = ingress("main", {
    age: 1,
    rules: on("a.test", "b.test"),
    annotations: { "server-alias": "alias.test, *.alias.test" },
  });

  it("has the routes of the first host, and a wildcard takes one label", () => {
    const { routes, found } = start(...READY, main);
    expect(routes("alias.test")).toEqual(["default/main/0/0 → default/web/80"]);
    expect(routes("*.alias.test")).toEqual([
      "*.alias.test/deeper → 404",
      "default/main/0/0 → default/web/80",
    ]);
    expect(found()).toEqual([]);
  });

  it("gives way to a real host, and comes back", () => {
    const { routes, found, set, remove } = start(...READY, main);
    const real = ingress("real", { age: 2, rules: on("alias.test") });
    set(real);
    expect(routes("alias.test")).toEqual(["default/real/0/0 → default/web/80"]);
    expect(found()).toContain("annotation-no-effect main");
    remove(real);
    expect(routes("alias.test")).toEqual(["default/main/0/0 → default/web/80"]);
    expect(found()).toEqual([]);
  });

  it("follows the rules of its host, of whatever Ingress, and goes with it", () => {
    const { routes, virtualHosts, set, remove } = start(...READY, main);
    set(ingress("more", { age: 2, rules: [["a.test", [{ path: "/more" }]]] }));
    expect(routes("alias.test")).toEqual([
      "default/more/0/0 → default/web/80",
      "default/main/0/0 → default/web/80",
    ]);
    remove(main);
    expect(virtualHosts.has("alias.test")).toBe(false);
  });

  it("of several Ingresses is that of the oldest, and of the next when it is gone", () => {
    const young = ingress("young", {
      age: 2,
      rules: on("c.test"),
      annotations: { "server-alias": "alias.test" },
    });
    const { routes, found, remove } = start(...READY, young, main);
    expect(routes("alias.test")).toEqual(["default/main/0/0 → default/web/80"]);
    expect(found()).toEqual(["annotation-no-effect young"]);
    remove(main);
    expect(routes("alias.test")).toEqual(["default/young/0/0 → default/web/80"]);
    expect(found()).toEqual([]);
  });

  it("that stands around the host of another, and the other way round, is no circle", () => {
    const crossed = (name: string, host: string, alias: string) =>
      ingress(name, { rules: on(host), annotations: { "server-alias": alias } });
    const { routes } = start(
      ...READY,
      crossed("one", "x.b.test", "*.c.test"),
      crossed("two", "y.c.test", "*.b.test"),
      crossed("three", "x.d.test", "*.d.test"),
    );
    expect(routes("*.c.test")).toEqual(["*.c.test/deeper → 404", "default/one/0/0 → default/web/80"]);
    expect(routes("*.b.test")).toEqual(["*.b.test/deeper → 404", "default/two/0/0 → default/web/80"]);
    expect(routes("*.d.test")).toEqual(["*.d.test/deeper → 404", "default/three/0/0 → default/web/80"]);
  });
});

describe("a www redirect", () => {
  const main = ingress("main", { rules: on("a.test"), annotations: { "from-to-www-redirect": "true" } });

  it("is a host of its own with one route", () => {
    const { routes, virtualHosts } = start(...READY, main);
    expect(routes("www.a.test")).toHaveLength(1);
    expect(virtualHosts.get("www.a.test")?.routes[0]).toMatchObject({
      name: "default/main/from-to-www-redirect/www.a.test",
      action: { kind: "redirect", status: 308, host: "a.test" },
      origins: [{ object: { name: "main" } }],
    });
  });

  it("is off when the other is a host, and says so", () => {
    const { routes, found, diagnostics } = start(...READY, main, ingress("www", { rules: on("www.a.test") }));
    expect(routes("www.a.test")).toEqual(["default/www/0/0 → default/web/80"]);
    expect(found()).toEqual(["annotation-no-effect main"]);
    expect(diagnostics()).toMatchObject([
      {
        severity: "info",
        key: "mse.ingress.kubernetes.io/from-to-www-redirect",
        value: "www.a.test",
      },
    ]);
  });
});

import { features } from "@sluice/features";
import type { Ingress, KubeObject } from "@sluice/model";
import { beforeAll, describe, expect, it } from "vitest";
import {
  endpoint,
  ingress,
  type KeyPair,
  keyPair,
  pod,
  secret,
  service,
  slice,
  type TestTranslation,
  translate,
} from "./testing/index.ts";

const start = (...objects: KubeObject[]) => translate(objects, { features });

const on = (host: string, serviceName = "web", port: number | string = 80) =>
  [[host, [{ path: "/", service: serviceName, port }]]] as const;

const endpointsOf = ({ loadAssignments }: TestTranslation, cluster: string): string[] | undefined =>
  loadAssignments.get(cluster)?.endpoints.map(({ address, port, health }) => `${address}:${port} ${health}`);

describe("a Service", () => {
  const web = service("web");
  const pods = slice("web-1", "web", [endpoint("10.0.0.1")]);

  it("may come after its Ingress, and go before it", () => {
    const world = start(ingress("i", { rules: on("a.test") }));
    expect(world.found()).toEqual(["service-missing i"]);
    expect(world.routes("a.test")).toEqual(["default/i/0/0 → default/web/80"]);
    expect(endpointsOf(world, "default/web/80")).toEqual([]);
    world.set(web);
    expect(world.found()).toEqual(["service-no-endpoints web"]);
    world.set(pods);
    expect(world.found()).toEqual([]);
    expect(endpointsOf(world, "default/web/80")).toEqual(["10.0.0.1:8080 healthy"]);
    world.remove(web);
    expect(world.found()).toEqual(["service-missing i"]);
    expect(endpointsOf(world, "default/web/80")).toEqual([]);
  });

  it("is a cluster for each way in which it is named, as long as it is", () => {
    const world = start(
      web,
      pods,
      ingress("one", { rules: on("a.test") }),
      ingress("two", { rules: on("b.test", "web", "http") }),
    );
    expect([...world.clusters.keys()]).toEqual(["default/web/80", "default/web/http"]);
    world.remove(ingress("two"));
    expect([...world.clusters.keys()]).toEqual(["default/web/80"]);
    expect([...world.loadAssignments.keys()]).toEqual(["default/web/80"]);
    world.remove(ingress("one"));
    expect(world.clusters.size + world.loadAssignments.size + world.virtualHosts.size).toBe(0);
    expect(world.found()).toEqual([]);
  });

  it("without the port is told with those that it has", () => {
    const world = start(web, pods, ingress("i", { rules: on("a.test", "web", 81) }));
    expect(world.diagnostics()).toMatchObject([
      { code: "service-port-missing", value: "81", expected: "one of the ports 80 (http)" },
    ]);
  });

  it("has the objects behind it as origins", () => {
    const { clusters, loadAssignments } = start(
      web,
      pods,
      ingress("one", { rules: on("a.test") }),
      ingress("two", { rules: on("b.test") }),
    );
    const names = (origins: readonly { object: { name: string } }[] = []) =>
      origins.map(({ object }) => object.name);
    expect(names(clusters.get("default/web/80")?.origins)).toEqual(["web", "one", "two"]);
    expect(names(loadAssignments.get("default/web/80")?.origins)).toEqual(["web", "one", "two"]);
  });

  it("of another namespace is reached by destination", () => {
    const destination = "100% api.shop.svc.cluster.local:80";
    const world = start(
      service("api", {}, "shop"),
      slice("api", "api", [endpoint("10.0.0.9")], { namespace: "shop" }),
      ingress("i", { rules: on("a.test"), annotations: { destination } }),
    );
    expect(world.routes("a.test")).toEqual(["default/i/0/0 → shop/api/80"]);
    expect(endpointsOf(world, "shop/api/80")).toEqual(["10.0.0.9:8080 healthy"]);
  });

  it("is asked for its own address by service-upstream", () => {
    const upstream = ingress("i", { rules: on("a.test"), annotations: { "service-upstream": "true" } });
    const world = start(service("web", { clusterIP: "10.96.0.1" }), pods, upstream);
    expect(endpointsOf(world, "default/web/80")).toEqual(["10.96.0.1:80 healthy"]);
    world.set(service("web", { clusterIP: "None" }));
    expect(endpointsOf(world, "default/web/80")).toEqual(["10.0.0.1:8080 healthy"]);
  });
});

describe("annotations that act on a Service", () => {
  const balanced = (name: string, age: number, text: string, host = `${name}.test`): Ingress =>
    ingress(name, { age, rules: on(host), annotations: { "load-balance": text } });
  const policy = (world: TestTranslation, cluster = "default/web/80") =>
    world.clusters.get(cluster)?.policies["load-balance"];

  it("hold for all that use it, and the oldest decides", () => {
    const old = balanced("old", 1, "least_conn");
    const world = start(
      service("web"),
      balanced("young", 2, "random"),
      old,
      ingress("plain", { rules: on("c.test") }),
    );
    const first = policy(world);
    expect(world.found()).toContain("annotation-overruled young");
    world.remove(old);
    expect(policy(world)).not.toEqual(first);
    expect(world.found()).not.toContain("annotation-overruled young");
    world.set(old);
    expect(policy(world)).toEqual(first);
  });

  it("are told once to each, by the Service", () => {
    const world = start(service("web"), balanced("bad", 1, "junk"));
    expect(world.found()).toEqual(["annotation-value bad", "service-no-endpoints web"]);
    world.set(ingress("bad", { rules: on("a.test") }));
    expect(world.found()).toEqual(["service-no-endpoints web"]);
  });

  it("of a main rule hold for the Services of its canaries, while they are that", () => {
    const canary = ingress("canary", {
      rules: on("main.test", "v2"),
      annotations: { canary: "true", "canary-weight": "10" },
    });
    const main = balanced("main", 1, "least_conn");
    const world = start(service("web"), service("v2"), main, canary);
    expect(policy(world, "default/v2/80")).toEqual(policy(world));
    world.remove(main);
    expect(world.clusters.has("default/v2/80")).toBe(false);
    world.set(ingress("canary", { rules: on("main.test", "v2") }));
    expect(policy(world, "default/v2/80")).toBeUndefined();
  });
});

describe("annotations that act on a host", () => {
  const root = (name: string, age: number, path: string) =>
    ingress(name, { age, rules: [["a.test", [{ path: `/${name}` }]]], annotations: { "app-root": path } });
  const targets = (world: TestTranslation) =>
    world.virtualHosts
      .get("a.test")
      ?.routes.flatMap(({ action }) => (action.kind === "redirect" ? [action.path] : []));

  it("hold for it whoever has rules there, and the oldest decides", () => {
    const old = root("old", 1, "/first");
    const world = start(service("web"), old, root("young", 2, "/second"));
    expect(targets(world)).toEqual(["/first"]);
    expect(world.found()).toContain("annotation-overruled young");
    world.remove(old);
    expect(targets(world)).toEqual(["/second"]);
    expect(world.found()).not.toContain("annotation-overruled young");
  });
});

describe("subsets", () => {
  const gray = ingress("i", { rules: on("a.test"), annotations: { "service-subset": "gray" } });
  const two = slice("web", "web", [
    endpoint("10.0.0.1", { podName: "one" }),
    endpoint("10.0.0.2", { podName: "two" }),
  ]);

  it("follow the labels of pods", () => {
    const world = start(service("web"), two, gray, pod("two", { "opensergo.io/canary-gray": "gray" }));
    const [cluster = ""] = world.clusters.keys();
    expect(endpointsOf(world, cluster)).toEqual(["10.0.0.2:8080 healthy"]);
    expect(world.found()).toEqual([]);
    world.set(pod("one", { "opensergo.io/canary-gray": "gray" }), pod("two", {}));
    expect(endpointsOf(world, cluster)).toEqual(["10.0.0.1:8080 healthy"]);
    world.remove(pod("one", {}));
    expect(endpointsOf(world, cluster)).toEqual(["10.0.0.1:8080 healthy", "10.0.0.2:8080 healthy"]);
    expect(world.found()).toEqual(["subset-empty web"]);
  });
});

describe("certificates", () => {
  let own: KeyPair;
  let wild: KeyPair;
  beforeAll(async () => {
    [own, wild] = await Promise.all([keyPair(["a.test"]), keyPair(["*.wild.test"])]);
  });

  const tls = (name: string, hosts: readonly string[], secretName: string, age = 1) =>
    ingress(name, {
      age,
      rules: hosts.map((host) => [host, [{ path: `/${name}` }]]),
      tls: [{ hosts, secretName }],
    });
  const chains = (world: TestTranslation) =>
    world.chains().map(({ certificate, hosts }) => `${certificate}: ${hosts.join()}`);

  it("come and go with their Secrets, of which hosts share one chain", () => {
    const world = start(
      service("web"),
      tls("i", ["x.wild.test", "y.wild.test"], "wild"),
      tls("j", ["a.test"], "own"),
    );
    expect(chains(world)).toEqual([]);
    expect([...world.certificates.keys()]).toEqual(["default"]);
    world.set(secret("wild", wild), secret("own", own));
    expect(chains(world)).toEqual(["default/own: a.test", "default/wild: x.wild.test,y.wild.test"]);
    expect([...world.certificates.keys()].sort()).toEqual(["default", "default/own", "default/wild"]);
    world.remove(secret("wild", wild));
    expect(chains(world)).toEqual(["default/own: a.test"]);
    expect(world.certificates.has("default/wild")).toBe(false);
    expect(world.found().filter((text) => text.startsWith("certificate"))).toEqual([
      "certificate-missing i",
      "certificate-missing i",
    ]);
  });

  it("are those of the oldest Ingress that names the host, whoever has its rules", () => {
    const rules = ingress("rules", { rules: on("a.test") });
    const old = tls("old", ["a.test"], "own");
    const world = start(
      service("web"),
      secret("own", own),
      secret("wild", wild),
      rules,
      tls("young", ["a.test"], "wild", 2),
      old,
    );
    expect(chains(world)).toEqual(["default/own: a.test"]);
    world.remove(old);
    // The younger one's is for another host.
    expect(chains(world)).toEqual([]);
    expect(world.found()).toContain("certificate-host young");
  });

  it("are replaced under the same name", () => {
    const world = start(service("web"), secret("own", own), tls("i", ["a.test"], "own"));
    const before = world.certificates.get("default/own");
    world.set(secret("own", wild));
    expect(chains(world)).toEqual([]);
    world.set(secret("own", own));
    expect(world.certificates.get("default/own")).toEqual(before);
  });
});

it("an equal result goes no further than where it was made", () => {
  const web = service("web");
  const world = start(
    web,
    slice("web", "web", [endpoint("10.0.0.1")]),
    ingress("i", { rules: on("a.test") }),
  );
  const { virtualHosts, clusters, loadAssignments } = world;
  const before = [
    virtualHosts.get("a.test"),
    clusters.get("default/web/80"),
    loadAssignments.get("default/web/80"),
  ];
  world.set({ ...web, metadata: { ...web.metadata, labels: { changed: "yes" } } });
  world.set(slice("web-2", "web", [endpoint("10.0.0.1"), endpoint("10.0.0.2", { ready: false })]));
  const after = [
    virtualHosts.get("a.test"),
    clusters.get("default/web/80"),
    loadAssignments.get("default/web/80"),
  ];
  for (const [index, model] of after.entries()) expect(model).toBe(before[index]);
});

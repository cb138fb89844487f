import type { Ingress, KubeObject, ObjectRef } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStore, defineIndex, liveKeys, type Store } from "./index.ts";
import { ingress, service } from "./testing.ts";

const byHost = defineIndex("by host", "Ingress", (object) => object.spec.rules.map((rule) => rule.host));

/** A small translation: hosts by an index, clusters held by hosts, one output per host and per cluster. */
function translation(store: Store): { output: () => Record<string, string>; graph: Store["graph"] } {
  const { graph } = store;
  const hosts = store.index(byHost);
  const clusters = liveKeys();
  const policies = graph.derive("policies", (key) => load(store, key)?.spec.ingressClassName ?? "none");
  const virtualHost = graph.derive("virtual host", (host) =>
    hosts
      .get(host)
      .map((key) => `${key}:${policies(key)}`)
      .join(),
  );
  const cluster = graph.derive(
    "cluster",
    (name) => store.get("Service", "default", name)?.spec.type ?? "missing",
  );
  const output = new Map<string, string>();
  const held = new Map<string, readonly string[]>();
  graph.forEachKey(
    hosts.keys,
    (host) => {
      output.set(host, virtualHost(host));
      const now = hosts.get(host).flatMap((key) => services(load(store, key)));
      now.forEach(clusters.acquire);
      held.get(host)?.forEach(clusters.release);
      held.set(host, now);
    },
    (host) => {
      output.delete(host);
      held.get(host)?.forEach(clusters.release);
      held.delete(host);
    },
  );
  graph.forEachKey(
    clusters,
    (name) => void output.set(`cluster ${name}`, cluster(name)),
    (name) => void output.delete(`cluster ${name}`),
  );
  return { output: () => Object.fromEntries([...output].sort()), graph };
}

function load(store: Store, key: string): Ingress | undefined {
  const [, namespace = "", name = ""] = key.split("/");
  return store.get("Ingress", namespace, name);
}

function services(object: Ingress | undefined): string[] {
  return (object?.spec.rules ?? []).flatMap((rule) =>
    rule.paths.map((path) => path.backend.service?.name ?? ""),
  );
}

const name = fc.constantFrom("a", "b", "c", "d");
const object: fc.Arbitrary<KubeObject> = fc.oneof(
  fc.tuple(name, fc.constantFrom("ClusterIP", "NodePort")).map(([one, type]) => service(one, { type })),
  fc
    .record({
      name,
      className: fc.constantFrom("mse", "nginx"),
      hosts: fc.subarray(["x", "y", "z"]),
      service: name,
    })
    .map(({ name: one, ...fields }) => ingress(one, fields)),
);
const ref: fc.Arbitrary<ObjectRef> = fc
  .tuple(fc.constantFrom("Ingress" as const, "Service" as const), name)
  .map(([kind, one]) => ({ kind, namespace: "default", name: one }));
const changes = fc.array(
  fc.record({ set: fc.array(object, { maxLength: 4 }), removed: fc.array(ref, { maxLength: 3 }) }),
);

describe("a store", () => {
  it("after any sequence of changes equals a fresh one with the same objects", () => {
    fc.assert(
      fc.property(changes, fc.boolean(), (sequence, oneBatch) => {
        const store = createStore({ onError: rethrow });
        const { output } = translation(store);
        const all = (): void => sequence.forEach(store.apply);
        if (oneBatch) store.graph.batch(all);
        else all();

        const fresh = createStore({ onError: rethrow });
        fresh.apply({ set: store.dump(), removed: [] });
        expect(output()).toEqual(translation(fresh).output());
        expect(fresh.dump()).toEqual(store.dump());
      }),
    );
  });

  it("runs for one changed Service that Service's derivation alone", () => {
    const store = createStore();
    const { graph } = translation(store);
    const hosts = Array.from({ length: 50 }, (_, n) => `h${n}`);
    store.apply({
      set: hosts.flatMap((host) => [ingress(host, { hosts: [host], service: host }), service(host)]),
      removed: [],
    });
    const before = new Map(graph.runs());
    store.apply({ set: [service("h7", { type: "NodePort" })], removed: [] });
    const ran = [...graph.runs()].map(([one, count]) => [one, count - (before.get(one) ?? 0)]);
    expect(Object.fromEntries(ran)).toEqual({ policies: 0, "virtual host": 0, cluster: 1 });
  });

  it("holds nothing of 10,000 objects that came and went", () => {
    const store = createStore();
    const { graph, output } = translation(store);
    const hosts = Array.from({ length: 5_000 }, (_, n) => `h${n}`);
    const objects = hosts.flatMap((host) => [ingress(host, { hosts: [host], service: host }), service(host)]);
    store.apply({ set: objects, removed: [] });
    expect(Object.keys(output())).toHaveLength(10_000);
    store.apply({
      set: [],
      removed: objects.map((one) => ({ kind: one.kind, namespace: "default", name: one.metadata.name })),
    });
    expect(output()).toEqual({});
    expect(store.sizes()).toEqual({ table: 0, indexes: 0 });
    expect([...graph.entries().values()].every((count) => count === 0)).toBe(true);
  });
});

function rethrow(derivation: string, key: string, error: unknown): never {
  throw new Error(`${derivation}(${key})`, { cause: error });
}

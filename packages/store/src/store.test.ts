import type { Diagnostic, Service } from "@sluice/model";
import { describe, expect, it } from "vitest";
import { createStore, defineIndex, type Store } from "./index.ts";
import { ingress, service } from "./testing.ts";

const byClass = defineIndex("ingress by class", "Ingress", (object) =>
  object.spec.ingressClassName === undefined ? [] : [object.spec.ingressClassName],
);

function setup(): { store: Store; errors: string[] } {
  const errors: string[] = [];
  return { store: createStore({ onError: (name, key) => errors.push(`${name}(${key})`) }), errors };
}

describe("get", () => {
  it("records the read of one object, also of a missing one", () => {
    const { store } = setup();
    const seen: (string | undefined)[] = [];
    store.graph.effect(() => void seen.push(store.get("Service", "default", "a")?.spec.type));
    store.apply({ set: [service("b")], removed: [] });
    store.apply({ set: [service("a")], removed: [] });
    store.apply({ set: [service("a", { type: "NodePort" })], removed: [] });
    store.apply({ set: [], removed: [{ kind: "Service", namespace: "default", name: "a" }] });
    expect(seen).toEqual([undefined, "ClusterIP", "NodePort", undefined]);
  });

  it("takes an object as it is in the middle of a batch", () => {
    const { store } = setup();
    store.graph.batch(() => {
      store.apply({ set: [service("a")], removed: [] });
      expect(store.get("Service", "default", "a")).toBeDefined();
    });
  });
});

describe("apply", () => {
  it("drops equal objects before anybody runs", () => {
    const { store } = setup();
    let runs = 0;
    const changes: string[] = [];
    store.apply({ set: [service("a")], removed: [] });
    store.onApplied((revision, keys) => changes.push(`${revision} ${keys}`));
    store.graph.effect(() => {
      store.get("Service", "default", "a");
      store.list("Service");
      runs++;
    });
    store.apply({ set: [service("a")], removed: [{ kind: "Pod", namespace: "x", name: "y" }] });
    expect({ runs, changes, revision: store.revision() }).toEqual({ runs: 1, changes: [], revision: 1 });
  });

  it("stores an object that only moved in its file, and runs nobody", () => {
    const { store } = setup();
    let runs = 0;
    store.apply({ set: [service("a", {}, 1)], removed: [] });
    store.graph.effect(() => {
      store.get("Service", "default", "a");
      runs++;
    });
    store.apply({ set: [service("a", {}, 7)], removed: [] });
    expect({ runs, revision: store.revision() }).toEqual({ runs: 1, revision: 1 });
    expect(store.get("Service", "default", "a")?.location?.line).toBe(7);
    expect(store.list("Service")[0]?.location?.line).toBe(7);
  });

  it("is one batch: readers see all of it or nothing", () => {
    const { store } = setup();
    const seen: string[] = [];
    const has = (name: string): string => (store.get("Service", "default", name) ? name : "-");
    store.graph.effect(() => void seen.push(has("a") + has("b")));
    store.apply({ set: [service("a"), service("b")], removed: [] });
    store.apply({ set: [service("a")], removed: [{ kind: "Service", namespace: "default", name: "b" }] });
    expect(seen).toEqual(["--", "ab", "a-"]);
  });

  it("stores an object that is both set and removed", () => {
    const { store } = setup();
    store.apply({ set: [service("a")], removed: [{ kind: "Service", namespace: "default", name: "a" }] });
    expect(store.dump().map((object) => object.metadata.name)).toEqual(["a"]);
  });

  it("tells the sorted keys after effects have run, and listeners may apply again", () => {
    const { store } = setup();
    const log: string[] = [];
    store.graph.effect(() => void log.push(`effect ${store.list("Service").length}`));
    store.onApplied((revision, keys) => {
      log.push(`${revision}: ${keys}`);
      if (revision === 1) store.apply({ set: [service("c")], removed: [] });
    });
    store.apply({ set: [service("b"), service("a")], removed: [] });
    expect(log).toEqual([
      "effect 0",
      "effect 2",
      "1: Service/default/a,Service/default/b",
      "effect 3",
      "2: Service/default/c",
    ]);
  });
});

describe("keys", () => {
  it("drive one effect per object, which a removed object does not run again", () => {
    const { store } = setup();
    const log: string[] = [];
    store.graph.forEachKey(
      store.keys("Service"),
      (key) => {
        const [, namespace = "", name = ""] = key.split("/");
        log.push(`${key} ${store.get("Service", namespace, name)?.spec.type}`);
      },
      (key) => void log.push(`-${key}`),
    );
    store.apply({ set: [service("a"), ingress("other", {})], removed: [] });
    store.apply({ set: [service("a", { type: "NodePort" })], removed: [] });
    store.apply({ set: [], removed: [{ kind: "Service", namespace: "default", name: "a" }] });
    expect(log).toEqual(["Service/default/a ClusterIP", "Service/default/a NodePort", "-Service/default/a"]);
  });
});

describe("index", () => {
  it("finds objects by key, sorted, and is made once per definition", () => {
    const { store } = setup();
    store.apply({ set: [ingress("b", { className: "mse" }), ingress("none", {})], removed: [] });
    const index = store.index(byClass);
    expect(store.index(byClass)).toBe(index);
    store.apply({
      set: [ingress("a", { className: "mse" }), ingress("c", { className: "nginx" })],
      removed: [],
    });
    expect(index.get("mse")).toEqual(["Ingress/default/a", "Ingress/default/b"]);
    expect(index.get("absent")).toEqual([]);
    expect([...index.keys.current()].sort()).toEqual(["mse", "nginx"]);
    store.apply({ set: [ingress("c", { className: "mse" })], removed: [] });
    expect([...index.keys.current()]).toEqual(["mse"]);
  });

  it("runs only readers of the buckets that changed, and keeps the array of the others", () => {
    const { store } = setup();
    const index = store.index(byClass);
    const log: string[] = [];
    for (const key of ["mse", "nginx"]) {
      store.graph.effect(() => void log.push(`${key}: ${index.get(key).length}`));
    }
    log.length = 0;
    store.apply({ set: [ingress("a", { className: "mse" })], removed: [] });
    const before = index.get("mse");
    store.apply({ set: [ingress("a", { className: "mse", hosts: ["changed.example"] })], removed: [] });
    store.graph.batch(() => {
      store.apply({ set: [ingress("a", { className: "nginx" })], removed: [] });
      store.apply({ set: [ingress("a", { className: "mse" })], removed: [] });
    });
    expect(index.get("mse")).toBe(before);
    expect(log).toEqual(["mse: 1"]);
  });

  it("takes an exception of its function for that object alone", () => {
    const { store, errors } = setup();
    const fragile = defineIndex("fragile", "Service", (object: Service) => {
      if (object.metadata.name === "bad") throw new Error("no");
      return [object.metadata.name, object.metadata.name];
    });
    const index = store.index(fragile);
    store.apply({ set: [service("bad"), service("good")], removed: [] });
    expect(errors).toEqual(["index fragile(Service/default/bad)"]);
    expect([...index.keys.current()]).toEqual(["good"]);
    expect(index.get("good")).toEqual(["Service/default/good"]);
  });
});

describe("sources", () => {
  it("are synced when there is one and all have said so", async () => {
    const { store } = setup();
    const seen: boolean[] = [];
    store.graph.effect(() => void seen.push(store.isSynced()));
    const [b, a] = [store.registerSource("b"), store.registerSource("a")];
    expect(store.unsynced()).toEqual(["a", "b"]);
    a.synced();
    a.synced();
    expect(store.isSynced()).toBe(false);
    expect(store.unsynced()).toEqual(["b"]);
    b.synced();
    await store.whenSynced();
    expect(seen).toEqual([false, true]);
  });

  it("publish diagnostics, which are sorted, replaced per source, and fire only when they differ", () => {
    const { store } = setup();
    const runs: number[] = [];
    store.graph.effect(() => void runs.push(store.diagnostics().length));
    const finding = (file: string): Diagnostic => ({
      code: "file-syntax",
      severity: "error",
      message: "No.",
      location: { file, line: 1, column: 1 },
    });
    store.setDiagnostics("file", [finding("b"), finding("a")]);
    store.setDiagnostics("other", [finding("0")]);
    store.setDiagnostics("file", [finding("a"), finding("b")]);
    expect(store.diagnostics().map((one) => one.location?.file)).toEqual(["0", "a", "b"]);
    store.setDiagnostics("file", []);
    expect(runs).toEqual([0, 2, 3, 1]);
  });
});

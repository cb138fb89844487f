import { expect, test } from "vitest";
import { layerSources } from "./source-layers.ts";
import { createStore } from "./store.ts";
import { service } from "./testing.ts";

const NAMES = ["the API server", "a file"];
const REF = { kind: "Service", namespace: "default", name: "a" } as const;

function bench() {
  const store = createStore();
  const [server, files] = layerSources(store, NAMES);
  if (server === undefined || files === undefined) throw new Error("there is a layer for each name");
  const type = () => store.get("Service", "default", "a")?.spec.type;
  const put = (to: typeof server, form: string) =>
    to.apply({ set: [service("a", { type: form }, 3)], removed: [] });
  const take = (from: typeof server) => from.apply({ set: [], removed: [REF] });
  return { store, server, files, type, put, take };
}

test("an object of two sources is that of the first, whoever speaks last, and a diagnostic", () => {
  for (const serverFirst of [true, false]) {
    const { store, server, files, type, put } = bench();
    if (serverFirst) put(server, "NodePort");
    put(files, "ClusterIP");
    if (!serverFirst) put(server, "NodePort");
    put(files, "LoadBalancer");
    expect(type()).toBe("NodePort");
    expect(store.diagnostics()).toEqual([
      expect.objectContaining({
        code: "object-duplicate",
        message: "Service default/a is in the API server and in a file: that of the API server is in force.",
        location: { file: "test.yaml", line: 3, column: 1 },
      }),
    ]);
  }
});

test("what one source takes out is its own form alone", () => {
  const { store, server, files, type, put, take } = bench();
  put(files, "ClusterIP");
  take(server);
  expect(type()).toBe("ClusterIP");
  put(server, "NodePort");
  take(server);
  expect(type()).toBe("ClusterIP");
  expect(store.diagnostics()).toEqual([]);
  put(server, "NodePort");
  take(files);
  expect(type()).toBe("NodePort");
  expect(store.diagnostics()).toEqual([]);
  take(server);
  expect(type()).toBeUndefined();
});

test("an object that is both taken out and set in one change is set", () => {
  const { server, type } = bench();
  server.apply({ set: [service("a", { type: "NodePort" })], removed: [REF] });
  expect(type()).toBe("NodePort");
});

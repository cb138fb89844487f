import { expect, it } from "vitest";
import { cell } from "./cell.ts";
import { createStore } from "./store.ts";
import { service } from "./testing.ts";

function setup() {
  const store = createStore();
  const log: string[] = [];
  store.wanted("Secret").subscribe((added, removed) => log.push(`+${added} -${removed}`));
  const wanted = () => [...store.wanted("Secret").current()];
  return { store, log, wanted };
}

it("wants what effects read, through derivations too, as long as they do, absent objects included", () => {
  const { store, log, wanted } = setup();
  const derived = store.graph.derive("d", (name) => store.get("Secret", "shop", name));
  const stop = store.graph.watch(derived, "cert", () => {});
  expect(wanted()).toEqual(["Secret/shop/cert"]);
  expect([...store.wanted("ConfigMap").current()]).toEqual([]);
  stop();
  expect(wanted()).toEqual([]);
  expect(log).toEqual(["+Secret/shop/cert -", "+ -Secret/shop/cert"]);
});

it("does not want what is read outside of effects, nor what only a list, an index or the keys show", () => {
  const { store, log } = setup();
  store.get("Secret", "shop", "cert");
  store.graph.effect(() => void store.list("Secret"));
  store.graph.effect(() => void store.keys("Secret").current());
  expect(log).toEqual([]);
});

it("counts readers of a store and of its fork together", () => {
  const { store, log, wanted } = setup();
  const fork = store.fork();
  const first = store.graph.effect(() => void store.get("Secret", "shop", "cert"));
  const second = fork.graph.effect(() => void fork.get("Secret", "shop", "cert"));
  first();
  expect(wanted()).toEqual(["Secret/shop/cert"]);
  expect([...fork.wanted("Secret").current()]).toEqual(["Secret/shop/cert"]);
  second();
  expect(log).toEqual(["+Secret/shop/cert -", "+ -Secret/shop/cert"]);
});

it("tells nothing of a key that passes from one reader to another, and of a replaced key the new one first", () => {
  const { store, log } = setup();
  const name = cell("a");
  const left = cell(true);
  store.graph.effect(() => void store.get("Secret", "shop", name.get()));
  store.graph.effect(() => void (left.get() && store.get("Secret", "shop", "passed")));
  store.graph.effect(() => void (left.get() || store.get("Secret", "shop", "passed")));
  log.length = 0;
  left.set(false);
  expect(log).toEqual([]);
  name.set("b");
  expect(log).toEqual(["+Secret/shop/b -", "+ -Secret/shop/a"]);
});

it("has told of what is wanted, and wants it still, when an apply that caused the demand returns", () => {
  const { store, log } = setup();
  store.graph.effect(() => {
    for (const { metadata } of store.list("Service")) store.get("Secret", "shop", metadata.name);
  });
  store.apply({ set: [service("web"), service("cart")], removed: [] });
  expect(log).toEqual(["+Secret/shop/cart,Secret/shop/web -"]);
  store.apply({ set: [], removed: [{ kind: "Service", namespace: "default", name: "cart" }] });
  expect(log.slice(1)).toEqual(["+ -Secret/shop/cart"]);
});

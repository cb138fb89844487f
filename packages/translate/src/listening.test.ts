import type { IngressClass, KubeObject, ListeningRules } from "@sluice/model";
import { createStore } from "@sluice/store";
import { describe, expect, it, test } from "vitest";
import { listensTo } from "./listening.ts";
import { ingress, ingressClass } from "./testing/index.ts";
import { watchUnserved } from "./unserved.ts";

const OURS = "mse.alibabacloud.com/ingress";
const GROUP = "mse.alibabacloud.com";

/** A class that points at a MseIngressConfig, or at something else. */
function pointing(name: string, config: string, apiGroup = GROUP, controller = OURS): IngressClass {
  const parameters = { apiGroup, kind: "MseIngressConfig", name: config };
  return { ...ingressClass(name, controller), spec: { controller, parameters } };
}

function storeOf(...objects: readonly KubeObject[]) {
  const store = createStore();
  store.apply({ set: objects, removed: [] });
  return store;
}

const CLASSES = [
  pointing("to-a", "a"),
  pointing("to-b", "b"),
  pointing("other-group", "a", "example.com"),
  ingressClass("ours", OURS),
  ingressClass("foreign", "example.com/other"),
  ingressClass("nginx", "k8s.io/ingress-nginx"),
];

describe("a gateway listens", () => {
  it.each<[rules: ListeningRules, classes: readonly string[]]>([
    // Unset: none but those that point here.
    [{ config: "a" }, ["to-a"]],
    [{}, []],
    [{ config: "a", ingressClass: "foreign" }, ["to-a", "foreign"]],
    [{ config: "a", ingressClass: "no-object" }, ["to-a", "no-object"]],
    // A class that points at another gateway is that one's alone, named or not.
    [{ config: "a", ingressClass: "to-b" }, ["to-a"]],
    [{ config: "a", ingressClass: "" }, ["", "to-a", "other-group", "ours", "foreign", "nginx", "no-object"]],
    [{ config: "a", ingressClass: "nginx" }, ["", "to-a", "nginx"]],
    [{ ingressClass: "mse", controller: OURS }, ["other-group", "ours"]],
    [{ config: "b", controller: OURS }, ["to-b", "other-group", "ours"]],
  ])("%j to %j", (rules, expected) => {
    const store = storeOf(...CLASSES);
    const all = ["", ...CLASSES.map(({ metadata }) => metadata.name), "no-object"];
    const heard = all.filter((name) => listensTo(rules, { namespace: "shop", ingressClass: name }, store));
    expect(heard).toEqual(expected.toSorted((x, y) => all.indexOf(x) - all.indexOf(y)));
  });

  test("to one namespace only, if it is told so, whoever a class points at", () => {
    const store = storeOf(...CLASSES);
    for (const ingressClass of ["to-a", "nginx", ""])
      for (const namespace of ["shop", "news"])
        expect(
          listensTo(
            { config: "a", ingressClass: "nginx", namespace: "shop" },
            { namespace, ingressClass },
            store,
          ),
        ).toBe(namespace === "shop");
  });

  test("to Ingresses without a class if a class that it takes is the default", () => {
    const listens = (...classes: IngressClass[]) =>
      listensTo({ config: "a" }, { namespace: "x", ingressClass: "" }, storeOf(...classes));
    const byDefault = (object: IngressClass): IngressClass => ({
      ...object,
      metadata: { ...object.metadata, annotations: ingressClass("", "", true).metadata.annotations },
    });
    expect(listens(byDefault(pointing("x", "a")))).toBe(true);
    expect(listens(pointing("x", "a"))).toBe(false);
    expect(listens(byDefault(pointing("x", "b")))).toBe(false);
  });
});

describe("an Ingress that no gateway listens to", () => {
  function found(gateways: readonly ListeningRules[], ...objects: readonly KubeObject[]) {
    const units = new Map<string, string[]>();
    const store = storeOf(...objects);
    const stop = watchUnserved({
      store,
      gateways: () => gateways,
      controller: OURS,
      sink: (unit, list) =>
        void units.set(
          unit,
          list.map(({ code, severity, origin }) => `${severity} ${code} ${origin?.object.name}`),
        ),
    });
    const told = () => [...units.values()].flat().sort();
    return { told, store, stop };
  }
  const rules = [["a.test", [{}]]] as const;
  const of = (name: string, className: string | undefined) =>
    ingress(name, { rules, ingressClass: className });

  test("is told so once if it has no class, or one of another gateway", () => {
    const objects = [...CLASSES, of("bare", undefined), of("b", "to-b"), of("theirs", "foreign")];
    expect(found([{ config: "a" }, { config: "c" }], ...objects).told()).toEqual([
      "error ingress-gateway-missing b",
      "warning ingress-class-missing bare",
    ]);
    expect(found([{ config: "a" }, { config: "b", ingressClass: "nginx" }], ...objects).told()).toEqual([]);
  });

  test("is told so if its gateway listens to another namespace", () => {
    expect(found([{ config: "b", namespace: "elsewhere" }], ...CLASSES, of("b", "to-b")).told()).toEqual([
      "warning ingress-gateway-missing b",
    ]);
  });

  test("is warned once if its class is of our controller, and points at no config", () => {
    const [, toB, , ours] = CLASSES;
    const objects = [ours, toB].filter((one) => one !== undefined);
    const { told, store, stop } = found([{ config: "a" }, { config: "b" }], ...objects, of("x", "ours"));
    expect(told()).toEqual(["warning ingress-gateway-missing x"]);
    store.apply({ set: [pointing("ours", "a")], removed: [] });
    expect(told()).toEqual([]);
    store.apply({ set: [pointing("ours", "a", "example.com")], removed: [] });
    expect(told()).toEqual(["warning ingress-gateway-missing x"]);
    store.apply({ set: [ingressClass("ours", "example.com/other")], removed: [] });
    expect(told()).toEqual([]);
    stop();
    const there = { config: "a", ingressClass: "ours" };
    expect(found([there], ...objects, of("x", "ours")).told()).toEqual([]);
    // Its namespace is at fault, and no class.
    expect(found([{ ...there, namespace: "news" }], ...objects, of("x", "ours")).told()).toEqual([
      "warning ingress-gateway-missing x",
    ]);
  });

  test("says nothing if its class points at a config, but is another controller's", () => {
    const theirs = pointing("theirs", "b", GROUP, "example.com/other");
    expect(found([{ config: "a" }], theirs, of("b", "theirs")).told()).toEqual([]);
    expect(found([{ config: "a", ingressClass: "theirs" }], theirs, of("b", "theirs")).told()).toEqual([
      "error ingress-gateway-missing b",
    ]);
  });

  test("is told so as soon as that is so, and not for longer", () => {
    const { told, store } = found([{ config: "a" }], of("i", "x"));
    expect(told()).toEqual([]);
    store.apply({ set: [pointing("x", "b")], removed: [] });
    expect(told()).toEqual(["error ingress-gateway-missing i"]);
    store.apply({ set: [pointing("x", "a")], removed: [] });
    expect(told()).toEqual([]);
    store.apply({ set: [pointing("x", "b"), of("j", "x")], removed: [] });
    expect(told()).toEqual(["error ingress-gateway-missing i", "error ingress-gateway-missing j"]);
    store.apply({ set: [], removed: [{ kind: "Ingress", namespace: "default", name: "i" }] });
    expect(told()).toEqual(["error ingress-gateway-missing j"]);
  });
});

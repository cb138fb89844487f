import { defineFeature, enumType, key } from "@sluice/feature-api";
import { features } from "@sluice/features";
import { DEFAULT_GATEWAY_SETTINGS, type KubeObject, objectKey } from "@sluice/model";
import { createGraph, createStore, defineIndex } from "@sluice/store";
import { DEFAULT_CONTROLLER } from "@sluice/translate";
import {
  arbitraryIngress,
  arbitraryOperations,
  ingress,
  keyPair,
  service,
  TEST_SETTINGS,
  type WorldOptions,
} from "@sluice/translate/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { createControlPlane } from "../gateway/control-plane.ts";
import { diagnosticsOf, judgeIngress, UNKNOWABLE } from "./judge-ingress.ts";
import { overlayStore } from "./overlay-store.ts";

const translate = { ...TEST_SETTINGS, now: () => 0 };

const gateway = { translate, settings: DEFAULT_GATEWAY_SETTINGS };
const options = { features, gateways: [gateway], controller: DEFAULT_CONTROLLER };

function storeOf(objects: readonly KubeObject[]) {
  const store = createStore({
    onError(name, key, error) {
      throw new Error(`${name} of ${key} failed`, { cause: error });
    },
  });
  store.apply({ set: objects, removed: [] });
  return store;
}

/** Annotations that act on Services: what other Ingresses say of the same Services is not looked at. */
const SERVICE_KEYS = new Set(
  features.filter(({ scope }) => scope === "service").flatMap(({ keys }) => Object.keys(keys)),
);
const isShared = (name = ""): boolean => SERVICE_KEYS.has(name.slice(name.indexOf("/") + 1));

/** What other Ingresses' routes to the same Services bring up. */
const ELSEWHERE = new Set([
  "annotation-overruled",
  "service-missing",
  "service-port-missing",
  "service-external-name",
]);

describe("an Ingress on its own", () => {
  let world: WorldOptions;
  beforeAll(async () => {
    world = { features, sound: await keyPair(["a.test"]), wild: await keyPair(["*.test"]) };
  });

  it("is told what it is told when it is stored", () => {
    fc.assert(
      fc.property(arbitraryOperations(world, 20), arbitraryIngress(features), (operations, candidate) => {
        const store = storeOf([]);
        for (const operation of operations)
          store.apply(
            "set" in operation
              ? { set: [operation.set], removed: [] }
              : { set: [], removed: [operation.removed] },
          );
        const judged = diagnosticsOf(candidate, gateway, { ...options, store }).filter(
          (one) => !isShared(one.key),
        );
        store.apply({ set: [candidate], removed: [] });
        const plane = createControlPlane({
          store,
          features,
          translate,
          gateway: DEFAULT_GATEWAY_SETTINGS,
          whenIdle: () => Promise.resolve(),
        });
        const { kind, metadata } = candidate;
        const key = objectKey({ kind, namespace: metadata.namespace, name: metadata.name });
        const stored = plane
          .diagnostics()
          .filter(({ origin, code }) => origin && objectKey(origin.object) === key && !UNKNOWABLE.has(code))
          .filter((one) => !isShared(one.key));
        const sorted = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).sort();
        expect(sorted(stored)).toEqual(expect.arrayContaining(sorted(judged)));
        const untold = stored.filter((one) => !sorted(judged).includes(JSON.stringify(one)));
        expect(untold.filter(({ code }) => !ELSEWHERE.has(code))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

const raw = (annotations: Record<string, string>, spec: object) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "new", namespace: "default", annotations },
  spec: { ingressClassName: "mse", ...spec },
});
const rule = (service: string) => ({
  rules: [
    {
      host: "a.test",
      http: {
        paths: [
          { path: "/", pathType: "Prefix", backend: { service: { name: service, port: { number: 80 } } } },
        ],
      },
    },
  ],
});
const judge = (
  object: Record<string, unknown> | undefined,
  objects: readonly KubeObject[] = [service("web")],
) => judgeIngress({ uid: "u", operation: "CREATE", object }, { ...options, store: storeOf(objects) });

test("a sound Ingress, a foreign one, and a deletion raise nothing", () => {
  expect(judge(raw({}, rule("web")))).toEqual({ warnings: [] });
  const foreign = raw(
    { "nginx.ingress.kubernetes.io/unheard-of": "1" },
    { ...rule("none"), ingressClassName: "other" },
  );
  expect(judge(foreign)).toEqual({ warnings: [] });
  expect(judge(undefined)).toEqual({ warnings: [] });
});

test("faults are warnings with what was expected", () => {
  const { denied, warnings } = judge(
    raw({ "nginx.ingress.kubernetes.io/proxy-read-timeout": "soon" }, rule("gone")),
  );
  expect(denied).toBeUndefined();
  expect(warnings).toEqual([
    expect.stringMatching(/proxy-read-timeout.*"soon".*Expected: /),
    expect.stringContaining("The Service default/gone does not exist"),
  ]);
});

test("a rule that an older Ingress has is told; the object's own earlier form is not in its way", () => {
  const older = ingress("older", {
    rules: [["a.test", [{ path: "/", pathType: "Prefix", service: "web", port: 80 }]]],
    age: 3,
  });
  const earlier = ingress("new", {
    rules: [["a.test", [{ path: "/", pathType: "Prefix", service: "web", port: 80 }]]],
  });
  expect(judge(raw({}, rule("web")), [service("web"), older]).warnings).toEqual([
    expect.stringContaining("default/older"),
  ]);
  expect(judge(raw({}, rule("web")), [service("web"), earlier]).warnings).toEqual([]);
});

test("nothing is fetched because of an object that may never be stored", () => {
  const store = storeOf([service("web")]);
  const object = raw({}, { ...rule("web"), tls: [{ hosts: ["a.test"], secretName: "secret" }] });
  expect(judgeIngress({ uid: "u", operation: "CREATE", object }, { ...options, store })).toEqual({
    warnings: [],
  });
  expect([...store.wanted("Secret").current()]).toEqual([]);
});

const guard = defineFeature({
  id: "guard",
  title: "Guard",
  scope: "route",
  onInvalid: "deny",
  keys: { "guard-level": key(enumType(["low", "high"]), { doc: "How well.", example: "low" }) },
  parse: (values) => values["guard-level"],
});
const unguarded = raw({ "mse.ingress.kubernetes.io/guard-level": "hihg" }, rule("web"));
const judgeUpdate = (object: Record<string, unknown>, oldObject?: Record<string, unknown>) =>
  judgeIngress(
    { uid: "u", operation: "UPDATE", object, oldObject },
    { ...options, features: [...features, guard], store: storeOf([service("web")]) },
  );

test("a protection that cannot be built denies the object, with what was expected", () => {
  for (const before of [undefined, raw({}, rule("web"))]) {
    const { denied, warnings } = judgeUpdate(unguarded, before);
    expect(denied).toMatch(/^A protection cannot be built: .*guard-level.*hihg/);
    expect(warnings).toEqual([]);
  }
});

test("an update of a broken object that says nothing new is let through, and so is its end", () => {
  const { annotations } = unguarded.metadata;
  const live = { ...unguarded.metadata, annotations: { ...annotations, "sluice.dev/live": "1 on 1 of 1" } };
  const labelled = { ...unguarded.metadata, labels: { a: "b" }, finalizers: [] };
  const ending = { ...unguarded.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
  for (const metadata of [live, labelled, ending]) {
    const { denied, warnings } = judgeUpdate({ ...unguarded, metadata }, unguarded);
    expect(denied).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/guard-level.*hihg/)]);
  }
  expect(judgeUpdate({ ...unguarded, spec: rule("web") }, unguarded).denied).toBeUndefined();
  expect(judgeUpdate({ ...unguarded, spec: { ingressClassName: "mse" } }, unguarded).denied).toBeDefined();
});

test("an object whose name is still to be made up is judged like any other", () => {
  const sound = raw({}, rule("web"));
  const metadata = { generateName: "new-", namespace: "default" };
  expect(judge({ ...sound, metadata })).toEqual({ warnings: [] });
  expect(judge({ ...sound, metadata: { ...metadata, name: "" } })).toEqual({ warnings: [] });
  expect(judge({ ...raw({}, rule("gone")), metadata }).warnings).toEqual([
    expect.stringContaining("The Service default/gone does not exist"),
  ]);
});

const BY_HOST = defineIndex("by-host", "Ingress", ({ spec }) => spec.rules.map(({ host }) => host ?? "*"));

describe("an Ingress that many others meet", () => {
  const hosts = Array.from({ length: 1000 }, (_, at) => `h${at}.test`);
  const rules = (of: readonly string[]): [string, [{ path: string; service: string; port: number }]][] =>
    of.map((host) => [host, [{ path: "/", service: "web", port: 80 }]]);
  const others = Array.from({ length: 300 }, (_, at) =>
    ingress(`other-${at}`, { rules: rules(hosts.slice(0, 3)) }),
  );

  it.each([1, 3, 40, 1000])("at %s hosts looks at a bounded number of them", (count) => {
    const candidate = ingress("new", { rules: rules(hosts.slice(0, count)) });
    const overlay = overlayStore(storeOf(others), candidate, createGraph());
    const index = overlay.reader.index(BY_HOST);
    const meetings = [...index.keys.current()].flatMap((host) => index.get(host));
    expect(meetings.length).toBeLessThanOrEqual(450);
    expect(overlay.isPartial()).toBe(true);
  });

  it("is not told that a canary has no main rule, which may be one that was not looked at", () => {
    const canary = raw(
      { "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "5" },
      rule("web"),
    );
    const alike = Array.from({ length: 300 }, (_, at) =>
      ingress(`a-${at}`, { rules: [["a.test", [{ path: `/${at}`, service: "web", port: 80 }]]] }),
    );
    expect(judge(canary, [service("web"), ...alike.slice(0, 5)]).warnings).toEqual([
      expect.stringContaining("no main rule"),
    ]);
    expect(judge(canary, [service("web"), ...alike]).warnings).toEqual([]);
  });
});

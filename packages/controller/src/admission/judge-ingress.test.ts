import { defineFeature, enumType, key } from "@sluice/feature-api";
import { features } from "@sluice/features";
import { DEFAULT_CERTIFICATE, DEFAULT_GATEWAY_SETTINGS, type KubeObject, objectKey } from "@sluice/model";
import { createStore } from "@sluice/store";
import { DEFAULT_CONTROLLER, DEFAULT_INGRESS_CLASS, type TranslateSettings } from "@sluice/translate";
import {
  arbitraryIngress,
  arbitraryOperations,
  ingress,
  keyPair,
  service,
  type WorldOptions,
} from "@sluice/translate/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { createControlPlane } from "../gateway/control-plane.ts";
import { diagnosticsOf, judgeIngress, UNKNOWABLE } from "./judge-ingress.ts";

const translate: TranslateSettings = {
  listens: { ingressClass: DEFAULT_INGRESS_CLASS, controller: DEFAULT_CONTROLLER },
  sslRedirect: true,
  httpsPort: 443,
  allowExternalName: false,
  allowCrossNamespace: false,
  now: () => 0,
  defaultCertificate: {
    name: DEFAULT_CERTIFICATE,
    chain: Buffer.from("chain"),
    key: Buffer.from("key"),
    origins: [],
  },
};

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

test("a protection that cannot be built denies the object, with what was expected", () => {
  const guard = defineFeature({
    id: "guard",
    title: "Guard",
    scope: "route",
    onInvalid: "deny",
    keys: { "guard-level": key(enumType(["low", "high"]), { doc: "How well.", example: "low" }) },
    parse: (values) => values["guard-level"],
  });
  const object = raw({ "mse.ingress.kubernetes.io/guard-level": "hihg" }, rule("web"));
  const { denied, warnings } = judgeIngress(
    { uid: "u", operation: "UPDATE", object },
    { ...options, features: [...features, guard], store: storeOf([service("web")]) },
  );
  expect(denied).toMatch(/^A protection cannot be built: .*guard-level.*hihg/);
  expect(warnings).toEqual([]);
});

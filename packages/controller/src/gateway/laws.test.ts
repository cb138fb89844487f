import { features } from "@sluice/features";
import {
  DEFAULT_GATEWAY_SETTINGS,
  type Ingress,
  type KubeObject,
  objectKey,
  targetKey,
  type VirtualHost,
} from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { createStore, type Store } from "@sluice/store";
import { DEFAULT_CONTROLLER, type TranslateSettings } from "@sluice/translate";
import {
  arbitraryAnnotations,
  arbitraryIngress,
  arbitraryOperations,
  endpoint,
  ingress,
  keyPair,
  type Operation,
  service,
  slice,
  TEST_SETTINGS,
  type WorldOptions,
} from "@sluice/translate/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, createControlPlane } from "./control-plane.ts";
import { createGateways, type Gateways } from "./gateways.ts";

/** The two laws of the design page. `LAWS_RUNS=20` tries twenty times as much. */
const RUNS = 150 * Number(process.env.LAWS_RUNS ?? "1");

const SETTINGS: TranslateSettings = { ...TEST_SETTINGS, now: () => 0 };

let options: WorldOptions;
beforeAll(async () => {
  options = { features, sound: await keyPair(["a.test"]), wild: await keyPair(["*.test"]) };
});

function start(store: Store, translate: TranslateSettings = SETTINGS, name = "sluice"): ControlPlane {
  return createControlPlane({
    store,
    features,
    translate,
    gateway: { ...DEFAULT_GATEWAY_SETTINGS, name },
    whenIdle: () => Promise.resolve(),
  });
}

/** A store of which every exception in a derivation fails the test. */
function strictStore(): Store {
  return createStore({
    onError(name, key, error) {
      throw new Error(`${name} of ${key} failed`, { cause: error });
    },
  });
}

function translated(objects: readonly KubeObject[]): ControlPlane {
  const store = strictStore();
  store.apply({ set: objects, removed: [] });
  return start(store);
}

function run(store: Store, operations: readonly Operation[]): void {
  for (const operation of operations)
    store.apply(
      "set" in operation ? { set: [operation.set], removed: [] } : { set: [], removed: [operation.removed] },
    );
}

/** Everything that nodes and readers see of a control plane. */
function seen(plane: ControlPlane) {
  const resources = plane.renderings().flatMap((rendering) => [...rendering.resources]);
  return {
    resources: Object.fromEntries(
      resources
        .map(([key, { bytes, version, origins, dependsOn }]) => {
          return [
            key,
            { bytes: Buffer.from(bytes).toString("latin1"), version, origins, dependsOn },
          ] as const;
        })
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    diagnostics: plane.diagnostics(),
  };
}

describe("after any sequence of changes all is as translated from scratch", () => {
  it("change by change", () => {
    fc.assert(
      fc.property(arbitraryOperations(options, 25), (operations) => {
        const store = strictStore();
        const plane = start(store);
        run(store, operations);
        expect(seen(plane)).toEqual(seen(translated(store.dump())));
      }),
      { numRuns: RUNS },
    );
  });

  it("in batches, on top of a world that was there at the start", () => {
    fc.assert(
      fc.property(
        arbitraryOperations(options, 20),
        fc.array(arbitraryOperations(options, 8), { maxLength: 4 }),
        (before, batches) => {
          const store = strictStore();
          run(store, before);
          const plane = start(store);
          for (const batch of batches) store.graph.batch(() => run(store, batch));
          expect(seen(plane)).toEqual(seen(translated(store.dump())));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("and nothing is left of what was deleted", () => {
    fc.assert(
      fc.property(arbitraryOperations(options, 20), (operations) => {
        const store = strictStore();
        const plane = start(store);
        const empty = seen(plane);
        const entries = new Map(store.graph.entries());
        run(store, operations);
        store.apply({ set: [], removed: store.dump().map(({ kind, metadata }) => ({ kind, ...metadata })) });
        expect(seen(plane)).toEqual(empty);
        expect(store.graph.entries()).toEqual(entries);
      }),
      { numRuns: RUNS / 2 },
    );
  });
});

/** Annotations that act on Services, wherever they are used. */
const SERVICE_KEYS = features
  .filter(({ scope }) => scope === "service")
  .flatMap(({ keys }) => Object.keys(keys));

/** Every host that an Ingress names, in rules or for TLS. */
function hostsOf({ spec }: Ingress): Set<string> {
  const named = [...spec.rules.map(({ host }) => host), ...spec.tls.flatMap(({ hosts }) => hosts)];
  const hosts = new Set(named.map((host) => host.toLowerCase().replace(/\.$/, "") || "*"));
  return spec.rules.length === 0 ? hosts.add("*") : hosts;
}

/** Hosts that an Ingress is served under besides those that it names: aliases, and the other side of a www redirect. */
function otherHostsOf(ingress: Ingress): string[] {
  const own = [...hostsOf(ingress)];
  return Object.entries(ingress.metadata.annotations).flatMap(([key, value]) => {
    if (key.endsWith("/server-alias")) return value.split(",").map((name) => name.trim().toLowerCase());
    if (!key.endsWith("/from-to-www-redirect")) return [];
    return own.map((host) => (host.startsWith("www.") ? host.slice("www.".length) : `www.${host}`));
  });
}

/** At least every Service that an Ingress has to do with. */
function servicesOf({ metadata, spec }: Ingress): string[] {
  const elsewhere = Object.keys(metadata.annotations).some((key) =>
    /\/(destination|default-backend)$/.test(key),
  );
  const backends = [
    ...spec.rules.flatMap(({ paths }) => paths.map((path) => path.backend)),
    spec.defaultBackend,
  ];
  const own = backends.map((backend) => `${metadata.namespace}/${backend?.service?.name}`);
  return elsewhere
    ? ["default", "other"].flatMap((where) => ["web", "api", "v2"].map((name) => `${where}/${name}`))
    : own;
}

function asksOfServices({ metadata }: Ingress): boolean {
  return SERVICE_KEYS.some((key) =>
    Object.keys(metadata.annotations).some((text) => text.endsWith(`/${key}`)),
  );
}

/**
 * Tells whether a change of some forms of one Ingress may change a host that none of them names. Some annotations of
 * the design reach further than their own hosts. An alias has the routes of the host that it stands for. What acts on a Service holds wherever that Service is used;
 * an Ingress speaks for the Services of its rules, and of the canaries of these. And a wildcard host, which
 * Envoy gives more requests than Kubernetes does, ends with the rules without a host.
 */
function reach(forms: readonly Ingress[], all: readonly KubeObject[]) {
  const hosts = new Set(forms.flatMap((form) => [...hostsOf(form)]));
  const others = all.filter((object) => object.kind === "Ingress");
  const companions = [
    ...forms,
    ...others.filter((other) => [...hostsOf(other)].some((host) => hosts.has(host))),
  ];
  for (const companion of companions) for (const host of otherHostsOf(companion)) hosts.add(host);
  const services = new Set(companions.some(asksOfServices) ? companions.flatMap(servicesOf) : []);
  return (host: string, models: readonly (VirtualHost | undefined)[]): boolean =>
    hosts.has(host) ||
    (host.startsWith("*.") && hosts.has("*")) ||
    models.some((model) => targetsOf(model).some((target) => services.has(targetKey(target))));
}

function backendsOf(model: VirtualHost | undefined) {
  return (model?.routes ?? []).flatMap(({ action }) =>
    action.kind === "forward" ? action.backends.map(({ backend }) => backend) : [],
  );
}

function targetsOf(model: VirtualHost | undefined) {
  return backendsOf(model).map(({ target }) => target);
}

/** The bytes of all that serves a host: its virtual hosts in all tables, its clusters and their endpoints. */
function servedBy(plane: ControlPlane, host: string): Record<string, string> {
  const clusters = new Set(backendsOf(plane.model.virtualHosts.get(host)).map(({ name }) => name));
  const resources = plane.renderings().flatMap((rendering) => [...rendering.resources.values()]);
  return Object.fromEntries(
    resources
      .filter(({ typeUrl, name }) =>
        typeUrl === TYPE_URLS.VIRTUAL_HOST
          ? name.slice(name.lastIndexOf("/") + 1) === host
          : clusters.has(name) &&
            (typeUrl === TYPE_URLS.CLUSTER || typeUrl === TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT),
      )
      .map(({ typeUrl, name, version }) => [`${typeUrl} ${name}`, version]),
  );
}

describe("changing, breaking or deleting one Ingress changes nothing of a host that it does not name", () => {
  const check = (objects: readonly KubeObject[], before: Ingress, after: Ingress | undefined): number => {
    const key = objectKey({ kind: "Ingress", ...before.metadata });
    const rest = objects.filter(({ kind, metadata }) => objectKey({ kind, ...metadata }) !== key);
    const first = translated([...rest, before]);
    const second = translated(after === undefined ? rest : [...rest, after]);
    const reaches = reach(after === undefined ? [before] : [before, after], rest);
    const hosts = new Set([...first.model.virtualHosts.keys(), ...second.model.virtualHosts.keys()]);
    let untouched = 0;
    for (const host of hosts) {
      const models = [first, second].map(({ model }) => model.virtualHosts.get(host));
      if (reaches(host, models)) continue;
      untouched++;
      expect(servedBy(second, host)).toEqual(servedBy(first, host));
    }
    return untouched;
  };
  /** Without annotations that act on Services, Services tie no hosts together. */
  const apart = features.filter(({ scope }) => scope !== "service");
  const cases = [
    { title: "with all annotations", some: features, untouched: RUNS / 4 },
    { title: "with annotations that act on rules and hosts only", some: apart, untouched: RUNS / 2 },
  ];

  it.each(cases)("$title", ({ some, untouched: atLeast }) => {
    const world = arbitraryOperations({ ...options, features: some }, 40, 20).map((operations) => {
      const store = strictStore();
      run(store, operations);
      return store.dump();
    });
    const change = fc.tuple(
      fc.constantFrom("delete", "break", "replace"),
      arbitraryIngress(some),
      arbitraryAnnotations(some),
    );
    let untouched = 0;
    fc.assert(
      fc.property(world, arbitraryIngress(some), change, (objects, before, [what, other, annotations]) => {
        const { namespace, name } = before.metadata;
        const broken = { ...before, metadata: { ...before.metadata, annotations } };
        const replaced = { ...other, metadata: { ...other.metadata, namespace, name } };
        const after = { delete: undefined, break: broken, replace: replaced }[what];
        untouched += check(objects, before, after);
      }),
      { numRuns: RUNS },
    );
    expect(untouched).toBeGreaterThan(atLeast);
  });
});

describe("of several gateways over one store", () => {
  const CLASSES = ["one", "two"] as const;

  /** Gateways `one` and `two`, each for the class of its name. */
  function both(store: Store): Gateways {
    const { listens: _listens, httpsPort: _port, ...translate } = SETTINGS;
    const gateways = createGateways({
      store,
      features,
      translate,
      controller: DEFAULT_CONTROLLER,
      takesAnyNode: false,
      whenIdle: () => Promise.resolve(),
    });
    for (const name of CLASSES)
      gateways.set({ name, listens: { ingressClass: name }, settings: DEFAULT_GATEWAY_SETTINGS });
    return gateways;
  }
  const planeOf = (gateways: Gateways, name: string): ControlPlane =>
    gateways.get(name)?.controlPlane ?? expect.fail(`there is no gateway ${name}`);
  const inClass = (object: KubeObject, ingressClassName: string): KubeObject =>
    object.kind === "Ingress"
      ? {
          ...object,
          metadata: { ...object.metadata, annotations: withoutClass(object.metadata.annotations) },
          spec: { ...object.spec, ingressClassName },
        }
      : object;
  const withoutClass = (annotations: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== "kubernetes.io/ingress.class"));
  /** Each Ingress is of one of the classes, by its name, and never of the other's. */
  const spread = (operations: readonly Operation[]): Operation[] =>
    operations.map((operation) => {
      if (!("set" in operation)) return operation;
      const { name } = operation.set.metadata;
      return { set: inClass(operation.set, CLASSES[name.length % 2 === 0 ? 0 : 1]) };
    });

  it("each is as if it were alone", () => {
    fc.assert(
      fc.property(arbitraryOperations(options, 25), (operations) => {
        const store = strictStore();
        const gateways = both(store);
        run(store, spread(operations));
        for (const name of CLASSES) {
          const alone = strictStore();
          alone.apply({ set: store.dump(), removed: [] });
          const httpsPort = DEFAULT_GATEWAY_SETTINGS.https.port;
          const settings = { ...SETTINGS, httpsPort, listens: { ingressClass: name } };
          expect(seen(planeOf(gateways, name))).toEqual(seen(start(alone, settings, name)));
        }
        gateways.stop();
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it("an Ingress of one changes no resource of the other", () => {
    fc.assert(
      fc.property(
        arbitraryOperations(options, 25),
        fc.array(arbitraryIngress(features), { minLength: 1, maxLength: 4 }),
        (operations, changes) => {
          const store = strictStore();
          const gateways = both(store);
          run(
            store,
            spread(operations).filter(
              (operation) => !("set" in operation) || operation.set.kind !== "Ingress",
            ),
          );
          store.apply({
            set: [ingress("of-two", { rules: [["a.test", [{}]]], ingressClass: "two" })],
            removed: [],
          });
          const before = seen(planeOf(gateways, "two"));
          for (const change of changes) {
            const { namespace, name } = change.metadata;
            const changed = inClass(change, "one");
            store.apply({ set: [changed], removed: [] });
            expect(seen(planeOf(gateways, "two"))).toEqual(before);
            if (changes.length % 2 === 0)
              store.apply({ set: [], removed: [{ kind: "Ingress", namespace, name }] });
            expect(seen(planeOf(gateways, "two"))).toEqual(before);
          }
          gateways.stop();
        },
      ),
      { numRuns: RUNS / 2 },
    );
  });
});

describe("two replicas", () => {
  it("that learn of the same objects in different orders serve the same bytes", () => {
    fc.assert(
      fc.property(arbitraryOperations(options, 25), fc.infiniteStream(fc.nat()), (operations, dice) => {
        const store = strictStore();
        const plane = start(store);
        run(store, operations);
        const shuffled = store
          .dump()
          .map((object) => ({ object, at: dice.next().value }))
          .sort((a, b) => a.at - b.at);
        const other = strictStore();
        const replica = start(other);
        for (const { object } of shuffled) other.apply({ set: [structuredClone(object)], removed: [] });
        expect(seen(replica).resources).toEqual(seen(plane).resources);
        plane.stop();
        replica.stop();
      }),
      { numRuns: RUNS },
    );
  });
});

describe("the cost of a change follows the change", () => {
  const COUNT = 1000;
  const objects = Array.from({ length: COUNT }, (_, index) => index).flatMap((index): KubeObject[] => [
    ingress(`i${index}`, {
      rules: [[`h${index}.test`, [{ service: `s${index}` }, { path: "/b", service: `s${index}` }]]],
    }),
    service(`s${index}`),
    slice(`s${index}`, `s${index}`, [endpoint(`10.0.${index >> 8}.${index & 255}`)]),
  ]);

  /** Which derivations run for a change, and how often. */
  function runsOf(change: readonly KubeObject[]): Record<string, number> {
    const store = strictStore();
    store.apply({ set: objects, removed: [] });
    const plane = start(store);
    const before = new Map(store.graph.runs());
    expect(before.get("virtual-host")).toBe(COUNT);
    store.apply({ set: change, removed: [] });
    expect(plane.diagnostics()).toEqual([]);
    const runs = [...store.graph.runs()].map(
      ([name, count]) => [name, count - (before.get(name) ?? 0)] as const,
    );
    return Object.fromEntries(runs.filter(([, count]) => count > 0));
  }

  it("for one Ingress", () => {
    const changed = ingress("i500", {
      rules: [["h500.test", [{ service: "s500" }]]],
      annotations: { timeout: "5" },
    });
    expect(runsOf([changed])).toEqual({
      "ingress-rules": 1,
      "domain-policies": 1,
      "service-policies": 1,
      "virtual-host": 1,
    });
  });

  it("for one EndpointSlice", () => {
    expect(runsOf([slice("s500", "s500", [endpoint("10.1.0.1")])])).toEqual({ "load-assignment": 1 });
  });

  it("for one Service", () => {
    expect(runsOf([service("s500", { clusterIP: "10.96.0.7" })])).toEqual({
      cluster: 1,
      "load-assignment": 1,
    });
  });
});

import { type Ingress, type Origin, type Resource, type ResourceRef, resourceKey } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { createStore } from "@sluice/store";
import { ingress } from "@sluice/translate/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEffectiveStore } from "./effective-store.ts";
import { createIsolation } from "./isolation.ts";

/**
 * A control plane and a node in small. Each Ingress has a cluster, and each host a virtual host in two tables, of the
 * Ingresses that name it. The node refuses what holds a bad Ingress, and is sent a virtual host once it has its clusters.
 */
function setup({ answers = true } = {}) {
  const store = createStore();
  const objects = createEffectiveStore(store);
  const wanted = new Map<string, Resource>();
  const held = new Map<string, Resource>();
  const refused = new Map<string, string>();
  const errors: unknown[] = [];
  let busy: Promise<void> = Promise.resolve();

  const isBlocked = ({ dependsOn }: Resource) => dependsOn.some((ref) => !held.has(resourceKey(ref)));
  /** Answers what it can be sent; true if there was something, upon which more may follow. */
  const answerOnce = (): boolean => {
    let some = false;
    for (const [key, resource] of wanted) {
      const { version } = resource;
      if (held.get(key)?.version === version || refused.get(key) === version || isBlocked(resource)) continue;
      some = true;
      const words = /bad-\w+/.exec(Buffer.from(resource.bytes).toString())?.[0];
      if (words === undefined) {
        held.set(key, resource);
        refused.delete(key);
        isolation.accepted({ node: "n", resource });
      } else {
        refused.set(key, version);
        isolation.refused({ node: "n", resource, words });
      }
    }
    return some;
  };
  const answer = (): void => {
    for (const key of [...held.keys()]) if (!wanted.has(key)) held.delete(key);
    while (answerOnce());
  };
  let flushes = 0;
  const flush = (): void => {
    if (++flushes > 2000) throw new Error("the search does not come to an end");
    const next = new Map(
      render(objects.store.dump() as Ingress[]).map((resource) => [resourceKey(resource), resource]),
    );
    for (const [key, resource] of wanted)
      if (!next.has(key)) {
        wanted.delete(key);
        isolation.dropped("full", resource);
      }
    for (const [key, resource] of next) {
      wanted.set(key, resource);
      isolation.rendered("full", resource);
    }
    if (answers) busy = busy.then(answer);
  };
  const isolation = createIsolation({
    objects,
    flush,
    whenIdle: () => busy,
    now: () => 7,
    onError: (error) => errors.push(error),
  });
  store.onApplied((_revision, keys) => {
    objects.follow(keys);
    isolation.changed(keys);
    flush();
  });

  const settle = async (): Promise<void> => {
    await busy;
    await isolation.settled();
    await busy;
    expect(errors).toEqual([]);
  };
  return {
    store,
    isolation,
    settle,
    /** What the node holds for a host, as `name:form` of each Ingress; the same in both tables. */
    live(host: string): string[] {
      const [http, https] = ["http", "https"].map((table) => held.get(resourceKey(hostRef(table, host))));
      expect(http?.bytes).toEqual(https?.bytes);
      return http === undefined ? [] : Buffer.from(http.bytes).toString().split(" ");
    },
    async apply(...ingresses: Ingress[]) {
      store.apply({ set: ingresses, removed: [] });
      await settle();
    },
    async remove(...names: string[]) {
      store.apply({
        set: [],
        removed: names.map((name) => ({ kind: "Ingress", namespace: "default", name })),
      });
      await settle();
    },
    isolated: () => isolation.entries().map(({ object }) => object.name),
  };
}

const hostRef = (table: string, host: string): ResourceRef => ({
  typeUrl: TYPE_URLS.VIRTUAL_HOST,
  name: `${table}/${host}`,
});
const clusterRef = (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.CLUSTER, name });

/** An Ingress of which the form says what it is: `good-…`, or `bad-…`, or `cluster-…` for one with a bad cluster. */
const made = (name: string, form: string, hosts: readonly string[] = ["a.test"]): Ingress =>
  ingress(name, { rules: hosts.map((host) => [host, [{}]]), annotations: { form } });
const formOf = ({ metadata }: Ingress) => metadata.annotations["mse.ingress.kubernetes.io/form"] ?? "";
const hostsOf = ({ spec }: Ingress) => spec.rules.map(({ host }) => host);

function render(ingresses: readonly Ingress[]): Resource[] {
  const make = (
    ref: ResourceRef,
    of: readonly Ingress[],
    text: string,
    dependsOn: ResourceRef[] = [],
  ): Resource => ({
    ...ref,
    bytes: Buffer.from(text),
    version: text,
    origins: of.map((one): Origin => ({ object: refOf(one) })),
    dependsOn,
  });
  const clusters = ingresses.map((one) => {
    // The name tells the forms apart that need a cluster of their own.
    const form = formOf(one).replace("cluster-", "bad-");
    const kind = formOf(one).startsWith("cluster-") ? form : "good";
    return { one, resource: make(clusterRef(`${one.metadata.name}/${kind}`), [one], kind) };
  });
  const hosts = [...new Set(ingresses.flatMap(hostsOf))].sort().flatMap((host) => {
    const of = clusters.filter(({ one }) => hostsOf(one).includes(host));
    const text = of.map(({ one }) => `${one.metadata.name}:${formOf(one)}`).join(" ");
    const all = of.map(({ one }) => one);
    const needs = of.map(({ resource }) => clusterRef(resource.name));
    return ["http", "https"].map((table) => make(hostRef(table, host), all, text, needs));
  });
  return [...clusters.map(({ resource }) => resource), ...hosts];
}

function refOf({ kind, metadata }: Ingress) {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

describe("a bad Ingress among good ones", () => {
  it("keeps its accepted form while the others change with it, and goes live when it is mended", async () => {
    const { apply, live, isolated, isolation } = setup();
    await apply(made("one", "good-1"), made("two", "good-1"));
    await apply(made("one", "bad-2"), made("two", "good-2"));
    expect(live("a.test")).toEqual(["one:good-1", "two:good-2"]);
    expect(isolation.entries()).toEqual([
      {
        object: { kind: "Ingress", namespace: "default", name: "one" },
        resource: { typeUrl: TYPE_URLS.VIRTUAL_HOST, name: "http/a.test" },
        words: "bad-2",
        since: 7,
        earlierFormServes: true,
      },
    ]);
    expect(isolation.diagnostics()).toMatchObject([
      {
        code: "resource-refused",
        origin: { object: { name: "one" } },
        hint: expect.stringContaining("serves on"),
      },
    ]);
    await apply(made("one", "good-3"));
    expect(live("a.test")).toEqual(["one:good-3", "two:good-2"]);
    expect(isolated()).toEqual([]);
  });

  it("that is new takes no traffic", async () => {
    const { apply, live, isolation } = setup();
    await apply(made("one", "good-1"));
    await apply(made("two", "bad-1"));
    expect(live("a.test")).toEqual(["one:good-1"]);
    expect(isolation.entries()).toMatchObject([{ object: { name: "two" }, earlierFormServes: false }]);
  });

  it("that was bad before falls back to what was accepted, not to what was refused", async () => {
    const { apply, live } = setup();
    await apply(made("one", "good-1"), made("two", "good-1"));
    await apply(made("one", "bad-2"));
    await apply(made("one", "bad-3"));
    await apply(made("two", "good-4"));
    expect(live("a.test")).toEqual(["one:good-1", "two:good-4"]);
  });

  it("whose cluster is bad holds up nobody on its host", async () => {
    const { apply, live, isolated } = setup();
    await apply(made("one", "good-1"), made("two", "cluster-1"), made("three", "good-1"));
    expect(live("a.test")).toEqual(["one:good-1", "three:good-1"]);
    expect(isolated()).toEqual(["two"]);
    await apply(made("two", "good-2"));
    await apply(made("two", "cluster-3"), made("one", "good-3"));
    expect(live("a.test")).toEqual(["one:good-3", "three:good-1", "two:good-2"]);
  });

  it("keeps the hosts of its accepted form, also one that it no longer names", async () => {
    const { apply, live } = setup();
    await apply(made("one", "good-1", ["a.test", "b.test"]), made("two", "good-1"));
    await apply(made("one", "bad-2", ["a.test", "c.test"]));
    expect(live("a.test")).toEqual(["one:good-1", "two:good-1"]);
    expect(live("b.test")).toEqual(["one:good-1"]);
    expect(live("c.test")).toEqual([]);
  });

  it("is found among many by few versions", async () => {
    const { apply, live, isolated, isolation } = setup();
    const names = Array.from({ length: 40 }, (_, index) => `i${index}`);
    await apply(...names.map((name) => made(name, "good-1")));
    let rendered = 0;
    const { rendered: before } = isolation;
    Object.assign(isolation, {
      rendered(...args: Parameters<typeof before>) {
        rendered++;
        before(...args);
      },
    });
    await apply(...names.map((name) => made(name, name === "i13" ? "bad-2" : "good-2")));
    expect(isolated()).toEqual(["i13"]);
    expect(live("a.test")).toContain("i13:good-1");
    expect(live("a.test").filter((text) => text.endsWith("good-2"))).toHaveLength(39);
    // Each rendering is of 40 clusters and two virtual hosts.
    expect(rendered / 42).toBeLessThan(20);
  });

  it("is forgotten with the object", async () => {
    const { apply, remove, isolated, live } = setup();
    await apply(made("one", "good-1"), made("two", "bad-1"));
    await remove("two");
    expect(isolated()).toEqual([]);
    await apply(made("two", "good-2"));
    expect(live("a.test")).toEqual(["one:good-1", "two:good-2"]);
  });
});

it("an Ingress alone on its host is left to ADS", async () => {
  const { apply, isolated, live } = setup();
  await apply(made("one", "good-1"));
  await apply(made("one", "bad-2"));
  expect(isolated()).toEqual([]);
  expect(live("a.test")).toEqual(["one:good-1"]);
});

it("a change during the search is taken into account", async () => {
  const { store, settle, live, isolated } = setup();
  store.apply({ set: [made("one", "bad-1"), made("two", "good-1"), made("three", "bad-1")], removed: [] });
  // The search is under way from the next turns on.
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  store.apply({ set: [made("one", "good-2"), made("two", "bad-2")], removed: [] });
  await settle();
  expect(live("a.test")).toContain("one:good-2");
  expect(isolated()).toEqual(["three", "two"]);
});

it("a node that never answers does not keep changes from being made", async () => {
  const { store, isolation } = setup({ answers: false });
  store.apply({ set: [made("one", "good-1"), made("two", "bad-1")], removed: [] });
  store.apply({ set: [made("one", "good-2")], removed: [] });
  await isolation.settled();
  expect(isolation.entries()).toEqual([]);
});

describe("whatever comes and goes", () => {
  const NAMES = ["one", "two", "three", "four", "five"];
  /** By hand 12,000 were tried. */
  const RUNS = 200;
  const HOSTS = ["a.test", "b.test", "c.test"];
  const step = fc.array(
    fc.record({
      name: fc.constantFrom(...NAMES),
      kind: fc.constantFrom("good", "good", "bad", "cluster", "gone"),
      hosts: fc.subarray(HOSTS, { minLength: 1 }),
    }),
    { minLength: 1, maxLength: 4 },
  );

  type Step = { readonly name: string; readonly kind: string; readonly hosts: string[] }[];

  /** Makes the changes of a step at once. */
  function change(store: ReturnType<typeof setup>["store"], changes: Step, revision: number): void {
    const latest = [...new Map(changes.map((one) => [one.name, one])).values()];
    store.apply({
      set: latest
        .filter(({ kind }) => kind !== "gone")
        .map(({ name, kind, hosts }) => made(name, `${kind}-${revision}`, hosts)),
      removed: latest
        .filter(({ kind }) => kind === "gone")
        .map(({ name }) => ({ kind: "Ingress", namespace: "default", name })),
    });
  }

  /** Good ones are live in their present form, and bad ones in none but a good one. */
  function check({ store, live, isolated }: ReturnType<typeof setup>): void {
    // There is nothing else in the store.
    const present = store.dump() as Ingress[];
    const isGood = (one: Ingress) => formOf(one).startsWith("good-");
    for (const host of HOSTS) {
      const served = live(host);
      const goods = present.filter((one) => isGood(one) && hostsOf(one).includes(host));
      const names = goods.map((one) => `${one.metadata.name}:${formOf(one)}`);
      expect(served).toEqual(expect.arrayContaining(names));
      expect(served.filter((text) => !text.includes(":good-"))).toEqual([]);
      const owners = served.map((text) => text.slice(0, text.indexOf(":")));
      expect(present.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(owners));
    }
    const bad = present.filter((one) => !isGood(one)).map(({ metadata }) => metadata.name);
    expect(bad).toEqual(expect.arrayContaining(isolated()));
  }

  it("the good are live and the bad are named, after each change", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12, size: "max" }), async (steps) => {
        const world = setup();
        for (const [revision, changes] of steps.entries()) {
          change(world.store, changes, revision);
          await world.settle();
          check(world);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("the good are live and the bad are named, in the end, if changes come while a search is under way", async () => {
    const timed = fc.tuple(step, fc.nat(12));
    await fc.assert(
      fc.asyncProperty(fc.array(timed, { maxLength: 12, size: "max" }), async (steps) => {
        const world = setup();
        for (const [revision, [changes, turns]] of steps.entries()) {
          change(world.store, changes, revision);
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        }
        await world.settle();
        check(world);
      }),
      { numRuns: RUNS },
    );
  });
});

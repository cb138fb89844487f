import { type Resource, resourceKey } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NodeSession } from "./node-session.ts";
import type { Variant } from "./node-state.ts";
import { inline, inShared, later, make } from "./testing/fixtures.ts";
import { ModelEnvoy } from "./testing/model-envoy.ts";
import { TYPE_URLS } from "./type-urls.ts";
import { World } from "./world.ts";

/** What a user could have written, as numbers that tell versions apart; negative ones are refused. */
interface Plan {
  /** Clusters by position; absent ones are undefined. */
  readonly clusters: readonly (number | undefined)[];
  /** Listeners, each with a RouteConfiguration of its own. */
  readonly listeners: readonly ({ readonly v: number; readonly routes: number } | undefined)[];
  /** Virtual hosts; `to` is a cluster, taken modulo those that are there. */
  readonly hosts: readonly {
    readonly listener: number;
    readonly host: number;
    readonly to: number;
    readonly v: number;
  }[];
}

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 4 });

function plans(version: fc.Arbitrary<number>): fc.Arbitrary<Plan> {
  const host = { listener: fc.nat(1), host: fc.nat(3), to: fc.nat(3), v: version };
  return fc.record({
    clusters: fc.array(optional(version), { minLength: 4, maxLength: 4 }),
    listeners: fc.array(optional(fc.record({ v: version, routes: version })), { minLength: 2, maxLength: 2 }),
    hosts: fc.array(fc.record(host), { maxLength: 8 }),
  });
}

const clusterBody = (v: number) => (v === 3 ? { v, slow: true } : body(v));
const body = (v: number) => (v < 0 ? { v, bad: true } : { v });

/** The hosts of one table have little urgency, another table is shared by many. */
const inTable = (listener: number) => (host: Resource) =>
  listener === 1 ? later(host) : listener === 0 ? inShared(host) : host;

/** The resources of a plan, by key: consistent, as a translation's always are. */
function resources(plan: Plan): Map<string, Resource> {
  const made: Resource[] = [];
  const present = plan.clusters.flatMap((v, i) => (v === undefined ? [] : [i]));
  for (const i of present)
    made.push(make.cluster(`c${i}`, clusterBody(plan.clusters[i] ?? 0)), make.endpoints(`c${i}`));
  for (const [i, one] of plan.listeners.entries())
    if (one) made.push(make.listener(`l${i}`, body(one.v)), make.routes(`l${i}`, body(one.routes)));
  for (const { listener, host, to, v } of plan.hosts) {
    const cluster = present[to % Math.max(1, present.length)];
    if (cluster !== undefined && plan.listeners[listener] !== undefined)
      made.push(inTable(listener)(make.host(`l${listener}/h${host}`, `c${cluster}`, body(v))));
  }
  return new Map(made.map((one) => [resourceKey(one), one]));
}

/** A control plane and a client with a wire between them, on which time passes when told to. */
class Bench {
  readonly client: ModelEnvoy;
  world = new World();
  #session: NodeSession;
  #current = new Map<string, Resource>();
  #responses: ReturnType<NodeSession["next"]> = [];
  #stop = () => {};
  #now = 0;
  readonly timeouts: string[] = [];

  constructor(variant: Variant) {
    this.client = new ModelEnvoy(variant);
    this.world.open();
    this.#session = this.connect();
  }

  connect(): NodeSession {
    this.#stop();
    this.#responses = [];
    const { variant } = this.client;
    const now = () => this.#now;
    const limits = { maxResources: 3, maxBytes: 10_000 };
    this.#session = new NodeSession({ node: "n", variant, world: this.world, inline, now, limits });
    this.#stop = this.world.subscribe((keys) => this.#session.onChange(keys));
    this.client.connect();
    return this.#session;
  }

  /** The control plane starts anew, and knows only what is wanted. */
  restart(): void {
    this.#stop();
    this.world = new World();
    this.world.apply({ set: [...this.#current.values()], removed: [] });
    this.world.open();
    this.connect();
  }

  apply(plan: Plan): void {
    const next = resources(plan);
    const removed = [...this.#current.values()].filter((one) => !next.has(resourceKey(one)));
    this.#current = next;
    this.world.apply({ set: [...next.values()], removed });
  }

  /** One message travels. Returns false if there is none. */
  step(towardsServer: boolean): boolean {
    this.#responses.push(...this.#session.next());
    const request = towardsServer || this.#responses.length === 0 ? this.client.outbox.shift() : undefined;
    if (request !== undefined) this.#session.onRequest(request);
    else {
      const response = this.#responses.shift();
      if (response === undefined) return false;
      this.client.receive(response);
    }
    return true;
  }

  wait(): void {
    this.#now += 200;
  }

  /** Lets all messages travel, and an hour pass. */
  drain(): void {
    for (let i = 0; i < 5_000; i++) {
      if (this.step(i % 2 === 0)) continue;
      const at = this.#session.wakeAt;
      if (at === undefined || at > this.#now + 1_000) {
        const waited = this.client.timeout();
        this.timeouts.push(...(waited ?? []));
        if (waited) continue;
      }
      if (at === undefined) return;
      this.#now = Math.max(at, this.#now + 1);
      if (this.#now > 3_600_000) return;
    }
    throw new Error("it does not come to rest");
  }

  get wanted(): ReadonlyMap<string, Resource> {
    return this.#current;
  }

  get idle(): boolean {
    return this.#session.idle;
  }
}

type Act =
  | { readonly plan: Plan }
  | { readonly steps: readonly boolean[] }
  | "wait"
  | "reconnect"
  | "restart";

function acts(version: fc.Arbitrary<number>, more: readonly Act[]): fc.Arbitrary<Act[]> {
  const steps = fc.array(fc.boolean(), { maxLength: 12 }).map((steps) => ({ steps }));
  const plan = plans(version).map((plan) => ({ plan }));
  return fc.array(fc.oneof(plan, steps, ...more.map((act) => fc.constant(act))), { maxLength: 8 });
}

function run(variant: Variant, script: readonly Act[]): Bench {
  const bench = new Bench(variant);
  for (const act of script) {
    if (act === "wait") bench.wait();
    else if (act === "reconnect") bench.connect();
    else if (act === "restart") bench.restart();
    else if ("plan" in act) bench.apply(act.plan);
    else for (const towardsServer of act.steps) bench.step(towardsServer);
  }
  bench.drain();
  return bench;
}

/** Name → body of what a client holds, without the inlined copies. */
function holdings(client: ModelEnvoy): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [typeUrl, items] of client.held)
    for (const [name, item] of items) found[`${typeUrl} ${name}`] = { ...item.body, hosts: undefined };
  return found;
}

function expectations(wanted: ReadonlyMap<string, Resource>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const one of wanted.values())
    found[`${one.typeUrl} ${one.name}`] = {
      ...JSON.parse(Buffer.from(one.bytes).toString()),
      hosts: undefined,
    };
  return found;
}

const good = fc.integer({ min: 0, max: 3 });
const mixed = fc.integer({ min: -1, max: 3 });

describe.each(["delta", "sotw"] as const)("%s", (variant) => {
  const breaks: Act[] = variant === "delta" ? ["wait", "reconnect", "restart"] : ["wait"];

  test("a client ends up with the world, and no route ever leads nowhere", () => {
    fc.assert(
      fc.property(acts(good, breaks), (script) => {
        const bench = run(variant, script);
        expect(holdings(bench.client)).toEqual(expectations(bench.wanted));
        expect(bench.client.refusals).toEqual([]);
        // State of the world has no way to say that a load assignment is gone.
        if (variant === "delta") expect(bench.timeouts).toEqual([]);
        expect([...bench.client.active].sort()).toEqual(
          [...bench.client.of(TYPE_URLS.ROUTE_CONFIGURATION).keys()].sort(),
        );
        expect(bench.idle).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("what is refused takes nothing else with it", () => {
    fc.assert(
      fc.property(acts(mixed, breaks), (script) => {
        const bench = run(variant, script);
        const held = holdings(bench.client);
        for (const one of bench.wanted.values()) {
          const needed = [one, ...one.dependsOn.flatMap((dep) => bench.wanted.get(resourceKey(dep)) ?? [])];
          const listener = one.typeUrl === TYPE_URLS.ROUTE_CONFIGURATION ? one.name : one.name.split("/")[0];
          const parent = bench.wanted.get(resourceKey({ typeUrl: TYPE_URLS.LISTENER, name: listener ?? "" }));
          const reached = parent ? [...needed, parent] : needed;
          const cluster = bench.wanted.get(resourceKey({ typeUrl: TYPE_URLS.CLUSTER, name: one.name }));
          const all =
            one.typeUrl === TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT && cluster ? [...reached, cluster] : reached;
          if (all.some((each) => JSON.parse(Buffer.from(each.bytes).toString()).bad === true)) continue;
          expect(held[`${one.typeUrl} ${one.name}`]).toEqual(
            expectations(new Map([["", one]]))[`${one.typeUrl} ${one.name}`],
          );
        }
        const culprits = [...bench.wanted.values()].filter((one) =>
          bench.world.quarantine().some((q) => q.version === one.version && q.name === one.name),
        );
        for (const one of culprits) expect(JSON.parse(Buffer.from(one.bytes).toString()).bad).toBe(true);
        expect(bench.idle).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

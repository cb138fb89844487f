import type { Variant } from "../node-state.ts";
import type { Request, Response } from "../protocol.ts";
import { TYPE_URLS } from "../type-urls.ts";
import { type Body, bodyOf } from "./fixtures.ts";

interface Item {
  readonly version: string;
  readonly body: Body;
}

const { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, ROUTE_CONFIGURATION, VIRTUAL_HOST } = TYPE_URLS;

/** Types that are asked for by name, once something refers to them. */
const NAMED = [CLUSTER_LOAD_ASSIGNMENT, ROUTE_CONFIGURATION] as const;

/**
 * Envoy's side of the protocol as it was measured, without I/O: what it asks for and when, that a response
 * with a fault changes nothing, that virtual hosts without their RouteConfiguration are dropped silently and
 * go with it, that a RouteConfiguration takes effect with the first virtual host response about it, and that
 * an updated cluster waits for its load assignment. It throws when a route leads to a cluster that is not there.
 */
export class ModelEnvoy {
  readonly variant: Variant;
  readonly held = new Map<string, Map<string, Item>>();
  /** RouteConfigurations in use. */
  readonly active = new Set<string>();
  /** Clusters that wait for a load assignment. */
  readonly warming = new Set<string>();
  readonly refusals: string[] = [];
  outbox: Request[] = [];
  #names = new Map<string, Set<string>>();
  #nonces = new Map<string, string>();
  #asked = new Set<string>();
  #paused: Request[] = [];

  constructor(variant: Variant) {
    this.variant = variant;
  }

  of(typeUrl: string): Map<string, Item> {
    let items = this.held.get(typeUrl);
    if (items === undefined) {
      items = new Map();
      this.held.set(typeUrl, items);
    }
    return items;
  }

  /** Begins a stream. */
  connect(): void {
    this.outbox = [];
    // What a broken stream left warming takes the load assignment that Envoy keeps (`use_eds_cache_for_ads`),
    // once `initial_fetch_timeout` has passed; until then the old cluster serves.
    this.warming.clear();
    this.#names = new Map();
    this.#nonces = new Map();
    this.#asked = new Set();
    this.#paused = [];
    for (const typeUrl of [CLUSTER, LISTENER]) this.#ask(typeUrl, [], []);
    this.#resubscribe();
  }

  receive(response: Response): void {
    this.#nonces.set(response.typeUrl, response.nonce);
    if (response.resources.some((one) => isBad(bodyOf(one.bytes)))) {
      this.refusals.push(response.resources.map((one) => one.name).join());
      this.#answer(response, "there is a fault");
      this.#resume();
      return;
    }
    if (this.variant === "sotw") this.#applyState(response);
    else this.#applyDelta(response);
    this.#resubscribe();
    this.#answer(response);
    this.#resume();
    this.#checkRoutes();
  }

  /** `initial_fetch_timeout` passes: clusters wait no longer. Returns those that did, or undefined if none. */
  timeout(): string[] | undefined {
    if (this.warming.size === 0) return undefined;
    const waited = [...this.warming].filter((name) => this.of(CLUSTER).get(name)?.body.slow !== true);
    this.warming.clear();
    this.#resume();
    return waited;
  }

  #applyDelta({ typeUrl, resources, removed }: Response): void {
    for (const { name, version, bytes } of resources)
      this.#set(typeUrl, name, { version, body: bodyOf(bytes) });
    for (const name of removed) {
      this.of(typeUrl).delete(name);
      if (typeUrl === CLUSTER_LOAD_ASSIGNMENT) this.#warm(name);
    }
    if (typeUrl !== VIRTUAL_HOST) return;
    for (const name of [...resources.map((one) => one.name), ...removed])
      if (this.of(ROUTE_CONFIGURATION).has(parentOf(name))) this.active.add(parentOf(name));
  }

  #applyState({ typeUrl, resources }: Response): void {
    if (typeUrl === CLUSTER || typeUrl === LISTENER) {
      const names = new Set(resources.map((one) => one.name));
      for (const name of [...this.of(typeUrl).keys()]) if (!names.has(name)) this.of(typeUrl).delete(name);
    }
    for (const { name, version, bytes } of resources) {
      const body = bodyOf(bytes);
      this.#set(typeUrl, name, { version, body });
      if (typeUrl !== ROUTE_CONFIGURATION || !this.of(typeUrl).has(name)) continue;
      this.active.add(name);
      this.#dropHosts(name);
      for (const [host, inlined] of Object.entries(body.hosts ?? {}))
        this.of(VIRTUAL_HOST).set(host, { version: "", body: inlined });
    }
  }

  #set(typeUrl: string, name: string, item: Item): void {
    if (typeUrl === VIRTUAL_HOST && !this.of(ROUTE_CONFIGURATION).has(parentOf(name))) return;
    if (NAMED.some((type) => type === typeUrl) && !this.#names.get(typeUrl)?.has(name)) return;
    const before = this.of(typeUrl).get(name);
    this.of(typeUrl).set(name, item);
    if (typeUrl === CLUSTER && JSON.stringify(before?.body) !== JSON.stringify(item.body))
      this.warming.add(name);
    if (typeUrl === CLUSTER_LOAD_ASSIGNMENT) this.#warm(name);
  }

  #warm(cluster: string): void {
    if (this.of(CLUSTER).get(cluster)?.body.slow !== true) this.warming.delete(cluster);
  }

  /** Asks for what is referred to, and lets go what is not. */
  #resubscribe(): void {
    const wanted = {
      [CLUSTER_LOAD_ASSIGNMENT]: new Set(this.of(CLUSTER).keys()),
      [ROUTE_CONFIGURATION]: new Set([...this.of(LISTENER).values()].map((item) => item.body.routes ?? "")),
    };
    for (const typeUrl of NAMED) {
      const before = this.#names.get(typeUrl) ?? new Set<string>();
      const now = wanted[typeUrl];
      const added = [...now].filter((name) => !before.has(name));
      const dropped = [...before].filter((name) => !now.has(name));
      for (const name of this.of(typeUrl).keys()) if (!now.has(name)) this.#drop(typeUrl, name);
      this.#names.set(typeUrl, now);
      if (added.length + dropped.length > 0) this.#ask(typeUrl, added, dropped);
    }
    for (const name of this.warming) if (!this.of(CLUSTER).has(name)) this.warming.delete(name);
    const asks = this.variant === "delta" && this.of(ROUTE_CONFIGURATION).size > 0;
    if (asks && !this.#names.has(VIRTUAL_HOST)) {
      this.#names.set(VIRTUAL_HOST, new Set());
      this.#ask(VIRTUAL_HOST, [], []);
    }
  }

  #drop(typeUrl: string, name: string): void {
    this.of(typeUrl).delete(name);
    if (typeUrl !== ROUTE_CONFIGURATION) return;
    this.active.delete(name);
    this.#dropHosts(name);
  }

  #dropHosts(routeConfiguration: string): void {
    for (const name of [...this.of(VIRTUAL_HOST).keys()])
      if (parentOf(name) === routeConfiguration) this.of(VIRTUAL_HOST).delete(name);
  }

  #ask(typeUrl: string, subscribe: readonly string[], unsubscribe: readonly string[]): void {
    const held = [...this.of(typeUrl)].map(([name, item]) => [name, item.version]);
    const first = !this.#asked.has(typeUrl);
    const initialVersions = first ? Object.fromEntries(held) : {};
    this.#asked.add(typeUrl);
    const names = [...(this.#names.get(typeUrl) ?? [])];
    const delta = { variant: "delta", subscribe, unsubscribe, initialVersions } as const;
    const nonce = this.variant === "delta" ? "" : (this.#nonces.get(typeUrl) ?? "");
    this.outbox.push({ typeUrl, nonce, want: this.variant === "delta" ? delta : { variant: "sotw", names } });
  }

  #answer({ typeUrl, nonce }: Response, error?: string): void {
    const names = [...(this.#names.get(typeUrl) ?? [])];
    const delta = { variant: "delta", subscribe: [], unsubscribe: [], initialVersions: {} } as const;
    const want = this.variant === "delta" ? delta : ({ variant: "sotw", names } as const);
    const request = { typeUrl, nonce, want, ...(error === undefined ? {} : { error }) };
    (typeUrl === CLUSTER ? this.#paused : this.outbox).push(request);
  }

  /** While clusters warm, nothing is said about clusters (`ClusterManagerImpl::updateClusterCounts`). */
  #resume(): void {
    if (this.warming.size > 0) return;
    const answers = this.#paused.splice(0);
    // On state of the world only the latest is answered (`GrpcMuxImpl::queueDiscoveryRequest`).
    this.outbox.push(...(this.variant === "delta" ? answers : answers.slice(-1)));
  }

  #checkRoutes(): void {
    for (const [name, { body }] of this.of(VIRTUAL_HOST)) {
      const cluster = body.cluster ?? "";
      if (!this.of(CLUSTER).has(cluster)) throw new Error(`${name} leads to ${cluster}, which is not there`);
      if (!this.of(CLUSTER_LOAD_ASSIGNMENT).has(cluster)) throw new Error(`${name} leads to no endpoints`);
    }
  }
}

function isBad(body: Body): boolean {
  return body.bad === true || Object.values(body.hosts ?? {}).some(isBad);
}

function parentOf(virtualHost: string): string {
  return virtualHost.slice(0, virtualHost.lastIndexOf("/"));
}

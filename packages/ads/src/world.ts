import { type Origin, type Resource, type ResourceChange, resourceKey } from "@sluice/model";
import { Counts } from "./counts.ts";
import { type Form, formOf, sameForm } from "./form.ts";
import { nameOf, routeConfigurationOf, typeOf } from "./keys.ts";
import { TYPE_URLS } from "./type-urls.ts";

/** A version of a resource that a node refused when it was sent alone. */
export interface Refusal {
  readonly version: string;
  /** What the node said. Its words are for people: nothing is derived from them. */
  readonly words: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A resource of which some node refuses the version that is wanted. */
export interface Quarantined {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  /** The latest words of a node about it. */
  readonly words: string;
  /** Nodes that refused it, sorted. */
  readonly nodes: readonly string[];
  /** First refusal, milliseconds since the epoch. */
  readonly since: number;
  /** The objects behind the resource. */
  readonly origins: readonly Origin[];
  /** The objects one of which is at fault; to tell which, compare them with those of the fallback. */
  readonly suspects: readonly Origin[];
  /** The version that stays in force where it was held, and that new nodes get. */
  readonly fallbackVersion?: string;
}

export interface Verdict {
  readonly node: string;
  readonly resource: Resource;
}

export interface WorldEvents {
  /** Called after a node has accepted a resource. */
  readonly onAccepted?: (event: Verdict) => void;
  /** Called after a node has refused a resource that was alone in its response. */
  readonly onRefused?: (event: Verdict & { readonly words: string }) => void;
  /** Called after a node has let go of what it was told to drop, with the key of the resource. */
  readonly onRemoved?: (event: { readonly node: string; readonly key: string }) => void;
}

interface Entry {
  desired: Form | undefined;
  /** The last form that some node accepted; kept while the resource is wanted or fallen back to. */
  accepted: Form | undefined;
  /** `accepted` while it stands in for a `desired` that nobody has accepted. */
  fallback: Form | undefined;
  readonly refusals: Map<string, Refusal>;
}

/**
 * The resources that all nodes of one kind should hold, and what these nodes said about them.
 * It is shared by the sessions of those nodes and knows none of them.
 */
export class World {
  readonly #entries = new Map<string, Entry>();
  readonly #byType = new Map<string, Set<string>>();
  /** Key of a RouteConfiguration → keys of its virtual hosts. */
  readonly #virtualHosts = new Map<string, Set<string>>();
  /** What the fallbacks refer to: kept although it may be wanted no more, so that a new node can get them. */
  readonly #fallbackRefs = new Counts();
  readonly #quarantined = new Set<string>();
  readonly #listeners = new Set<(keys: readonly string[]) => void>();
  readonly #events: WorldEvents;
  #revision = 0;
  #open = false;

  constructor(events: WorldEvents = {}) {
    this.#events = events;
  }

  /** Counts the changes; a form's `revision` tells in which it came. */
  get revision(): number {
    return this.#revision;
  }

  /** False until `open`: nodes are answered nothing while the sources have not synced. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Everything that belongs to the first complete world has been applied: nodes may be served. */
  open(): void {
    if (this.#open) return;
    this.#open = true;
    this.#notify([]);
  }

  /** Makes a change the desired state. Resources equal to what is there already cause nothing. */
  apply(change: ResourceChange): void {
    this.#revision++;
    const changed: string[] = [];
    for (const resource of change.set) {
      const form = formOf(resource, this.#revision);
      const entry = this.#entryOf(form.key);
      const same = entry.desired !== undefined && sameForm(entry.desired, form);
      // Origins may differ while the bytes do not; the older revision stays, since nodes need nothing.
      entry.desired = same && entry.desired ? { ...form, revision: entry.desired.revision } : form;
      if (!same) this.#settle(form.key, entry, changed);
    }
    for (const ref of change.removed) {
      const key = resourceKey(ref);
      const entry = this.#entries.get(key);
      if (entry?.desired === undefined) continue;
      entry.desired = undefined;
      entry.refusals.clear();
      this.#settle(key, entry, changed);
    }
    this.#notify(changed);
  }

  /** The form that nodes should come to hold; that of a removed resource while a fallback refers to it. */
  wanted(key: string): Form | undefined {
    const entry = this.#entries.get(key);
    return entry?.desired ?? (this.#fallbackRefs.has(key) ? entry?.accepted : undefined);
  }

  /** The last form that some node accepted. */
  accepted(key: string): Form | undefined {
    return this.#entries.get(key)?.accepted;
  }

  /** A form of this version, if it is one of those known. */
  known(key: string, version: string): Form | undefined {
    const entry = this.#entries.get(key);
    if (entry?.desired?.version === version) return entry.desired;
    return entry?.accepted?.version === version ? entry.accepted : undefined;
  }

  /** Whether some node refused this form and none accepted it. */
  isSuspect(form: Form): boolean {
    const entry = this.#entries.get(form.key);
    if (entry === undefined || entry.accepted?.version === form.version) return false;
    return refusedBy(entry, form.version).length > 0;
  }

  /** Keys of all resources of a type. */
  keys(typeUrl: string): Iterable<string> {
    return this.#byType.get(typeUrl) ?? [];
  }

  /** Keys of the virtual hosts of a RouteConfiguration. */
  virtualHosts(routeConfiguration: string): Iterable<string> {
    return this.#virtualHosts.get(routeConfiguration) ?? [];
  }

  noteAccepted(node: string, form: Form): void {
    const entry = this.#entries.get(form.key);
    if (entry !== undefined) {
      if (entry.refusals.get(node)?.version === form.version) entry.refusals.delete(node);
      if (form.revision >= (entry.accepted?.revision ?? 0)) {
        entry.accepted = form;
        const changed: string[] = [];
        this.#settle(form.key, entry, changed);
        const others = changed.filter((key) => key !== form.key);
        if (others.length > 0) this.#notify(others);
      }
    }
    this.#events.onAccepted?.({ node, resource: form.resource });
  }

  noteRefused(node: string, form: Form, words: string, at: number): void {
    const entry = this.#entries.get(form.key);
    if (entry !== undefined) {
      const before = entry.refusals.get(node);
      const first = before?.version === form.version ? before.at : at;
      entry.refusals.set(node, { version: form.version, words, at: first });
      this.#quarantined.add(form.key);
    }
    this.#events.onRefused?.({ node, resource: form.resource, words });
  }

  noteRemoved(node: string, key: string): void {
    this.#events.onRemoved?.({ node, key });
  }

  /** A node is gone: what it refused is forgotten, unless nobody else is left to say so. */
  forgetNode(node: string): void {
    for (const key of this.#quarantined) {
      const refusals = this.#entries.get(key)?.refusals;
      if (refusals !== undefined && refusals.size > 1) refusals.delete(node);
    }
  }

  /** Every resource of which some node refuses the wanted version, by type and name. */
  quarantine(): Quarantined[] {
    const list: Quarantined[] = [];
    for (const key of this.#quarantined) {
      const view = quarantined(this.#entries.get(key));
      if (view === undefined) this.#quarantined.delete(key);
      else list.push(view);
    }
    return list.sort((a, b) => compare(a.typeUrl, b.typeUrl) || compare(a.name, b.name));
  }

  /** Calls `listener` with the keys that changed, after each change; returns the way to stop that. */
  subscribe(listener: (keys: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(keys: readonly string[]): void {
    for (const listener of this.#listeners) listener(keys);
  }

  #entryOf(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { desired: undefined, accepted: undefined, fallback: undefined, refusals: new Map() };
      this.#entries.set(key, entry);
      addTo(this.#byType, typeOf(key), key);
      if (typeOf(key) === TYPE_URLS.VIRTUAL_HOST)
        addTo(this.#virtualHosts, routeConfigurationOf(nameOf(key)), key);
    }
    return entry;
  }

  /** Brings fallback and references in line with what is desired and accepted; drops entries without use. */
  #settle(key: string, entry: Entry, changed: string[]): void {
    changed.push(key);
    const { desired, accepted, fallback } = entry;
    const next = desired && accepted && desired.version !== accepted.version ? accepted : undefined;
    entry.fallback = next;
    if (next !== undefined) this.#fallbackRefs.add(next.deps);
    const free = fallback === undefined ? [] : this.#fallbackRefs.release(fallback.deps);
    if (desired === undefined && !this.#fallbackRefs.has(key)) this.#delete(key);
    for (const dep of free) {
      const orphan = this.#entries.get(dep);
      if (orphan === undefined || orphan.desired !== undefined) continue;
      this.#delete(dep);
      changed.push(dep);
    }
  }

  #delete(key: string): void {
    this.#entries.delete(key);
    this.#quarantined.delete(key);
    removeFrom(this.#byType, typeOf(key), key);
    if (typeOf(key) === TYPE_URLS.VIRTUAL_HOST)
      removeFrom(this.#virtualHosts, routeConfigurationOf(nameOf(key)), key);
  }
}

function refusedBy(entry: Entry, version: string): [string, Refusal][] {
  return [...entry.refusals].filter(([, refusal]) => refusal.version === version);
}

function quarantined(entry: Entry | undefined): Quarantined | undefined {
  if (entry?.desired === undefined) return undefined;
  const { resource, version } = entry.desired;
  const refusals = refusedBy(entry, version);
  const latest = refusals.at(-1);
  if (latest === undefined) return undefined;
  const fallback = entry.fallback?.version;
  return {
    typeUrl: resource.typeUrl,
    name: resource.name,
    version,
    words: latest[1].words,
    nodes: refusals.map(([node]) => node).sort(),
    since: Math.min(...refusals.map(([, refusal]) => refusal.at)),
    origins: resource.origins,
    suspects: resource.origins,
    ...(fallback === undefined ? {} : { fallbackVersion: fallback }),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addTo(index: Map<string, Set<string>>, at: string, key: string): void {
  const set = index.get(at);
  if (set === undefined) index.set(at, new Set([key]));
  else set.add(key);
}

function removeFrom(index: Map<string, Set<string>>, at: string, key: string): void {
  const set = index.get(at);
  set?.delete(key);
  if (set?.size === 0) index.delete(at);
}

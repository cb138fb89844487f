import type { Resource } from "@sluice/model";
import { Counts } from "./counts.ts";
import type { Form } from "./form.ts";
import { type Batch, InFlight } from "./in-flight.ts";
import { nameOf, routeConfigurationOf, typeOf } from "./keys.ts";
import { TYPE_URLS } from "./type-urls.ts";
import type { Refusal } from "./world.ts";

/** What a node holds under one name. Without a form it is something from before this stream, of unknown contents. */
export interface Held {
  readonly version: string;
  readonly form?: Form;
}

/** What went over the wire under one type URL, since the stream began. */
export interface Totals {
  readonly responses: number;
  readonly resources: number;
  readonly removals: number;
  /** Of the resources' messages, without framing. */
  readonly bytes: number;
}

const NO_TOTALS: Totals = { responses: 0, resources: 0, removals: 0, bytes: 0 };

/** Latest acceptance times kept per channel, for the median. */
const TIMINGS = 64;

/**
 * What was sent to one node, what it accepted and what it refused. Sent and accepted are two maps: a node
 * that refuses keeps what it accepted.
 */
export class Ledger {
  readonly #sent = new Map<string, Map<string, string>>();
  readonly #accepted = new Map<string, Map<string, Held>>();
  /** Key → version → refusal. */
  readonly #refused = new Map<string, Map<string, Refusal>>();
  readonly inFlight = new InFlight();
  readonly #refs = new Counts();
  readonly #timings = new Map<string, number[]>();
  readonly #totals = new Map<string, Totals>();
  readonly #unknown = new Map<string, number>();
  /** Key of a RouteConfiguration → keys of its virtual hosts that the node holds. */
  readonly #virtualHosts = new Map<string, Set<string>>();

  /** How many resources of a type the node holds of which only the version is known. */
  unknown(typeUrl: string): number {
    return this.#unknown.get(typeUrl) ?? 0;
  }

  held(key: string): Held | undefined {
    return this.#accepted.get(typeOf(key))?.get(key);
  }

  /** All that the node holds of a type, by key. */
  heldOf(typeUrl: string): ReadonlyMap<string, Held> {
    return this.#accepted.get(typeUrl) ?? EMPTY;
  }

  /** Keys of the virtual hosts of a RouteConfiguration that the node holds. */
  virtualHosts(routeConfiguration: string): ReadonlySet<string> {
    return this.#virtualHosts.get(routeConfiguration) ?? NONE;
  }

  sentOf(typeUrl: string): ReadonlyMap<string, string> {
    return this.#sent.get(typeUrl) ?? EMPTY;
  }

  /** Whether something that the node holds, or is being sent, refers to `key`. */
  isReferenced(key: string): boolean {
    return this.#refs.has(key);
  }

  refusal(key: string, version: string): Refusal | undefined {
    return this.#refused.get(key)?.get(version);
  }

  refused(): ReadonlyMap<string, ReadonlyMap<string, Refusal>> {
    return this.#refused;
  }

  /** Milliseconds that the latest responses of a channel took to be accepted, oldest first. */
  timings(channel: string): readonly number[] {
    return this.#timings.get(channel) ?? [];
  }

  totals(channel: string): Totals {
    return this.#totals.get(channel) ?? NO_TOTALS;
  }

  /** `batch` goes out, rendered as `resources`. */
  send(batch: Batch, resources: readonly Resource[]): void {
    this.inFlight.add(batch);
    const before = this.totals(batch.typeUrl);
    this.#totals.set(batch.typeUrl, {
      responses: before.responses + 1,
      resources: before.resources + resources.length,
      removals: before.removals + batch.removals.length,
      bytes: resources.reduce((sum, one) => sum + one.bytes.length, before.bytes),
    });
    for (const form of batch.sets) {
      this.#refs.add(form.deps);
      mapOf(this.#sent, typeOf(form.key)).set(nameOf(form.key), form.version);
    }
  }

  time(channel: string, milliseconds: number): void {
    this.#timings.set(channel, [...this.timings(channel), milliseconds].slice(-TIMINGS));
  }

  /** The node holds `form`, whose references were counted when it was sent. Returns keys no longer referred to. */
  accept(form: Form): string[] {
    const free = this.forget(form.key);
    this.#hold(form.key, { version: form.version, form });
    const versions = this.#refused.get(form.key);
    if (versions?.delete(form.version) && versions.size === 0) this.#refused.delete(form.key);
    return free;
  }

  /** What the node said to hold when the stream began; `form` if the version is one that we know. */
  recall(key: string, version: string, form: Form | undefined): void {
    if (form === undefined) this.#countUnknown(key, 1);
    else this.#refs.add(form.deps);
    mapOf(this.#sent, typeOf(key)).set(nameOf(key), version);
    this.#hold(key, form === undefined ? { version } : { version, form });
  }

  /** The same bytes with other dependencies or origins: nothing to send. Returns keys no longer referred to. */
  swap(form: Form): string[] {
    this.#refs.add(form.deps);
    return this.accept(form);
  }

  /** The node holds nothing under `key` any more. Returns keys no longer referred to. */
  forget(key: string): string[] {
    const held = this.held(key);
    if (held === undefined) return [];
    this.#accepted.get(typeOf(key))?.delete(key);
    if (typeOf(key) === TYPE_URLS.VIRTUAL_HOST) {
      const parent = routeConfigurationOf(nameOf(key));
      const siblings = this.#virtualHosts.get(parent);
      if (siblings?.delete(key) && siblings.size === 0) this.#virtualHosts.delete(parent);
    }
    if (held.form !== undefined) return this.#refs.release(held.form.deps);
    this.#countUnknown(key, -1);
    return [];
  }

  #hold(key: string, held: Held): void {
    mapOf(this.#accepted, typeOf(key)).set(key, held);
    if (typeOf(key) !== TYPE_URLS.VIRTUAL_HOST) return;
    const parent = routeConfigurationOf(nameOf(key));
    const siblings = this.#virtualHosts.get(parent);
    if (siblings === undefined) this.#virtualHosts.set(parent, new Set([key]));
    else siblings.add(key);
  }

  #countUnknown(key: string, by: number): void {
    this.#unknown.set(typeOf(key), this.unknown(typeOf(key)) + by);
  }

  /** The batch's forms are not on the node. Returns keys no longer referred to. */
  release(form: Form): string[] {
    return this.#refs.release(form.deps);
  }

  refuse(form: Form, refusal: Refusal): void {
    mapOf(this.#refused, form.key).set(form.version, refusal);
  }

  /** Forgets refusals of `key`, except of the given versions. */
  pardon(key: string, except: readonly (string | undefined)[] = []): void {
    const versions = this.#refused.get(key);
    if (versions === undefined) return;
    for (const version of versions.keys()) if (!except.includes(version)) versions.delete(version);
    if (versions.size === 0) this.#refused.delete(key);
  }

  /** Drops what was sent under a name the node no longer wants. */
  unsend(key: string): void {
    this.#sent.get(typeOf(key))?.delete(nameOf(key));
  }
}

const NONE: ReadonlySet<never> = new Set<never>();
const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

function mapOf<K, V>(maps: Map<string, Map<K, V>>, at: string): Map<K, V> {
  let found = maps.get(at);
  if (found === undefined) {
    found = new Map();
    maps.set(at, found);
  }
  return found;
}

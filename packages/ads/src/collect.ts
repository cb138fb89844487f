import type { Form } from "./form.ts";
import { type Decision, decide, isUnderWay } from "./gate.ts";
import { keyOf, nameOf, routeConfigurationOf, typeOf } from "./keys.ts";
import type { NodeState } from "./node-state.ts";
import { TYPE_URLS } from "./type-urls.ts";

/** How much one response may carry. The first virtual hosts of a RouteConfiguration are not cut (see below). */
export interface Limits {
  readonly maxResources: number;
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: Limits = { maxResources: 1000, maxBytes: 2 * 1024 * 1024 };

/** What one response is to change. */
export interface Collected {
  readonly sets: Form[];
  /** Keys. */
  readonly removals: string[];
  readonly since: Map<string, number>;
}

/** A name that no virtual host has: removing it makes a RouteConfiguration without virtual hosts active. */
const NO_HOST = "~none";

/**
 * What the next response of a channel should change: a group of suspects, or what else there is to do, in
 * turn, so that a search for a culprit and other changes do not wait for each other.
 */
export function collect(state: NodeState, channel: string, limits: Limits, groupFirst: boolean) {
  const sources = groupFirst ? (["group", "rest", "group"] as const) : (["rest", "group"] as const);
  for (const source of sources) {
    const found = source === "group" ? collectGroup(state, channel) : collectRest(state, channel, limits);
    if (sizeOf(found) > 0) return { ...found, source };
  }
  return undefined;
}

/** The next group of suspects of which something is left to send. */
function collectGroup(state: NodeState, channel: string): Collected {
  const suspects = state.suspectsOf(channel);
  const found = empty();
  for (let group = suspects.take(); group !== undefined; group = suspects.take()) {
    const together = new Set<string>();
    for (const key of parentsFirst(group)) {
      const decision = decide(state, key, together);
      if (decision.kind === "send") take(state, found, key, decision.form);
      else if (decision.kind === "remove") take(state, found, key);
      else settle(state, key, decision);
      if (decision.kind === "send" && isInlined(state)) together.add(key);
    }
    if (sizeOf(found) > 0) break;
  }
  return found;
}

/** What is to be done apart from suspects, as much as a response may carry. */
function collectRest(state: NodeState, channel: string, limits: Limits): Collected {
  const found = empty();
  const openings = new Openings(state, channel);
  let room = limits.maxBytes;
  const consider = (key: string): void => {
    const full = sizeOf(found) >= limits.maxResources || room <= 0;
    if (full && !openings.covers(key)) return;
    const decision = decide(state, key, openings.routeConfigurations);
    if (decision.kind === "send" && decision.alone) {
      state.suspectsOf(channel).addAlone(key);
      state.pending.shelve(key);
    } else if (decision.kind === "send") {
      if (openings.add(decision.form)) return;
      room -= decision.form.resource.bytes.length;
      take(state, found, key, decision.form);
    } else if (decision.kind === "remove") take(state, found, key);
    else settle(state, key, decision);
  };
  const shared: string[] = [];
  const later: string[] = [];
  for (const typeUrl of typesOf(state, channel)) {
    for (const key of state.pending.candidates(typeUrl)) {
      const urgency =
        channel === TYPE_URLS.VIRTUAL_HOST && !openings.covers(key) ? urgencyOf(state, key) : "own";
      if (urgency === "background") later.push(key);
      else if (urgency === "shared") shared.push(key);
      else consider(key);
    }
  }
  // Envoy goes through a whole table before it looks at the next resource of a response: a host with a table of its own
  // need not wait for that. Only once in a row, so that the others come to their turn.
  const holdBack = shared.length > 0 && sizeOf(found) > 0 && !state.sharedHeldBack;
  if (channel === TYPE_URLS.VIRTUAL_HOST) state.sharedHeldBack = holdBack;
  if (!holdBack) for (const key of shared) consider(key);
  openings.flush(found);
  if (channel === TYPE_URLS.VIRTUAL_HOST) considerLater(state, later, found, consider);
  return found;
}

/** Looks at what may follow later, if the moment is there. */
function considerLater(
  state: NodeState,
  later: readonly string[],
  found: Collected,
  consider: (key: string) => void,
): void {
  const { background } = state;
  const now = state.now();
  const isUrgent = sizeOf(found) > 0;
  if (isUrgent) background.urgent(now);
  background.waits(later.length > 0, now);
  if (isUrgent || (state.backgroundAt ?? now) > now) return;
  background.waits(false, now);
  for (const key of later) consider(key);
}

/** How a virtual host, as it is wanted or as it is to be removed, stands to the others. */
function urgencyOf(state: NodeState, key: string): "own" | "shared" | "background" {
  const { resource } = state.world.wanted(key) ?? state.ledger.held(key)?.form ?? {};
  if (resource?.background === true) return "background";
  return resource?.shared === true ? "shared" : "own";
}

function sizeOf({ sets, removals }: Collected): number {
  return sets.length + removals.length;
}

/**
 * RouteConfigurations that are not in use on the node yet. The first response about one puts it, and the
 * listener that waits for it, in use: so it is held until everything that can be in it is ready,
 * and it is not cut by the limits, or requests for the hosts left out would find nothing.
 */
class Openings {
  readonly #state: NodeState;
  readonly #channel: string;
  readonly #hosts = new Map<string, Form[]>();
  /** Those that would go out with their virtual hosts inlined. */
  readonly routeConfigurations = new Set<string>();
  readonly #forms = new Map<string, Form>();

  constructor(state: NodeState, channel: string) {
    this.#state = state;
    this.#channel = channel;
  }

  /** Whether `key` is a virtual host of an opening. */
  covers(key: string): boolean {
    if (typeOf(key) !== TYPE_URLS.VIRTUAL_HOST) return false;
    const parent = routeConfigurationOf(nameOf(key));
    return this.#state.inactive.has(parent) || this.#forms.has(parent);
  }

  /** Takes the form if it is part of an opening. */
  add(form: Form): boolean {
    if (typeOf(form.key) === TYPE_URLS.ROUTE_CONFIGURATION) return this.#addRouteConfiguration(form);
    if (!this.covers(form.key)) return false;
    const parent = routeConfigurationOf(nameOf(form.key));
    const hosts = this.#hosts.get(parent);
    if (hosts === undefined) this.#hosts.set(parent, [form]);
    else hosts.push(form);
    return true;
  }

  #addRouteConfiguration(form: Form): boolean {
    if (!isInlined(this.#state)) return false;
    // Whether it is new or not, its virtual hosts may come with it.
    this.routeConfigurations.add(form.key);
    if (this.#state.ledger.held(form.key) !== undefined) return false;
    this.#forms.set(form.key, form);
    return true;
  }

  /** Moves the openings that are complete to `found`; the others stay candidates. */
  flush(found: Collected): void {
    const state = this.#state;
    for (const [key, form] of this.#forms) {
      if (this.#isIncomplete(key)) continue;
      take(state, found, key, form);
      for (const host of this.#hosts.get(key) ?? []) take(state, found, host.key, host);
    }
    if (this.#channel !== TYPE_URLS.VIRTUAL_HOST) return;
    for (const key of state.inactive) this.#open(key, found);
  }

  #open(key: string, found: Collected): void {
    const hosts = this.#hosts.get(key) ?? [];
    if (this.#isIncomplete(key)) return;
    for (const host of hosts) take(this.#state, found, host.key, host);
    if (hosts.length > 0 || this.#isSearched(key)) return;
    take(this.#state, found, keyOf(TYPE_URLS.VIRTUAL_HOST, `${nameOf(key)}/${NO_HOST}`));
  }

  #isIncomplete(key: string): boolean {
    for (const host of this.#state.world.virtualHosts(key)) {
      if (this.#state.pending.blockOf(host) !== undefined && isUnderWay(this.#state, host)) return true;
    }
    return false;
  }

  #isSearched(key: string): boolean {
    for (const host of this.#state.world.virtualHosts(key)) if (this.#state.isSuspected(host)) return true;
    return false;
  }
}

function isInlined(state: NodeState): boolean {
  return state.variant === "sotw";
}

function typesOf(state: NodeState, channel: string): readonly string[] {
  return isInlined(state) && channel === TYPE_URLS.ROUTE_CONFIGURATION
    ? [TYPE_URLS.ROUTE_CONFIGURATION, TYPE_URLS.VIRTUAL_HOST]
    : [channel];
}

/** RouteConfigurations before virtual hosts, which may need them in the same response. */
function parentsFirst(keys: readonly string[]): readonly string[] {
  const isHost = (key: string) => typeOf(key) === TYPE_URLS.VIRTUAL_HOST;
  return [...keys.filter((key) => !isHost(key)), ...keys.filter(isHost)];
}

function empty(): Collected {
  return { sets: [], removals: [], since: new Map() };
}

function take(state: NodeState, found: Collected, key: string, form?: Form): void {
  if (form === undefined) found.removals.push(key);
  else found.sets.push(form);
  found.since.set(key, state.pending.since(key) ?? state.world.revision);
  state.pending.settle(key);
  state.owed.delete(key);
}

/** Nothing is sent for `key`, now or until what it waits for changes. */
function settle(state: NodeState, key: string, decision: Decision): void {
  if (decision.kind === "blocked") {
    state.pending.block(key, decision);
    // What waits for it may have to settle for what the node holds.
    if (decision.on !== key && !isUnderWay(state, key)) state.pending.wake(key);
    return;
  }
  state.pending.settle(key);
  state.owed.delete(key);
  if (decision.kind === "swap") for (const free of state.ledger.swap(decision.form)) state.pending.wake(free);
  // It is no longer under way, which others may have waited for.
  state.pending.wake(key);
}

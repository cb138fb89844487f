import { type Collected, collect, DEFAULT_LIMITS, type Limits } from "./collect.ts";
import type { Form } from "./form.ts";
import { targetOf } from "./gate.ts";
import type { Batch } from "./in-flight.ts";
import type { Inline } from "./inline.ts";
import { keyOf, loadAssignmentOf, nameOf, routeConfigurationOf, typeOf } from "./keys.ts";
import { NodeState, type Variant } from "./node-state.ts";
import type { Request, Response } from "./protocol.ts";
import { render } from "./render.ts";
import { Retries } from "./retry.ts";
import type { SubscriptionChange } from "./subscription.ts";
import { TYPE_ORDER, TYPE_URLS } from "./type-urls.ts";
import type { World } from "./world.ts";

/**
 * How long after the start of a stream a client that held something keeps its clusters: by then it has said for
 * every type what it holds, so that what refers to a cluster is known.
 */
const SETTLE_AFTER = 2_000;

/**
 * How long the answer to a cluster response is waited for. While any cluster warms, Envoy (1.40) withholds its
 * answers to all; a name that does not resolve holds them up for 106 s (measured). So that one such cluster
 * does not hold up all others, the next response leaves without the answer after this time.
 */
const PATIENCE = 100;

export interface SessionOptions {
  /** The node's id. */
  readonly node: string;
  readonly variant: Variant;
  readonly world: World;
  /** Needed for state of the world. */
  readonly inline?: Inline;
  readonly limits?: Limits;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * One stream of one node as a state machine without I/O: requests and changes of the world go in,
 * `next` gives the responses that may be sent now. At most one response of a type is in flight: the first
 * change leaves at once, those that come meanwhile leave together when it is answered.
 */
export class NodeSession {
  readonly state: NodeState;
  readonly startedAt: number;
  readonly #retries = new Retries();
  readonly #inline: Inline;
  readonly #limits: Limits;
  readonly #now: () => number;
  /** Wildcard channels whose first request has not been answered; an empty world must be told, too. */
  readonly #unanswered = new Set<string>();
  readonly #lastNonce = new Map<string, string>();
  readonly #lastWasGroup = new Set<string>();
  readonly #early: Request[] = [];
  /** How much of what the node held was unknown when that was looked at last. */
  #unknownBefore = 0;
  #nonce = 0;

  constructor(options: SessionOptions) {
    this.state = new NodeState(options.node, options.variant, options.world);
    this.#inline = options.inline ?? inlineMissing;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#now = options.now ?? Date.now;
    this.startedAt = this.#now();
  }

  /** Whether nothing is in flight and nothing could be sent. What is blocked for good does not count. */
  get idle(): boolean {
    const { state } = this;
    if (!state.ledger.inFlight.empty || !state.world.isOpen) return false;
    return TYPE_ORDER.every(
      (type) => state.pending.candidates(type).size === 0 && (state.suspects.get(type)?.size ?? 0) === 0,
    );
  }

  /** When `next` should be called although nothing happens; milliseconds since the epoch. */
  get wakeAt(): number | undefined {
    const settleAt = this.state.settled ? undefined : this.startedAt + SETTLE_AFTER;
    // What lies in the past waits for an answer of the client, not for the clock.
    const batches = this.state.ledger.inFlight.of(TYPE_URLS.CLUSTER).map((batch) => batch.sentAt + PATIENCE);
    const times = [this.#retries.nextAt, settleAt, ...batches].filter(
      (time) => time !== undefined && time > this.#now(),
    );
    return times.length === 0 ? undefined : Math.min(...times.map(Number));
  }

  /** Keys of the world that changed. */
  onChange(keys: readonly string[]): void {
    const { state } = this;
    for (const key of keys) {
      const wanted = state.world.wanted(key);
      // A version that is wanted no more and comes back later is tried again.
      if (wanted === undefined || state.ledger.refusal(key, wanted.version) === undefined) {
        state.ledger.pardon(key);
        this.#retries.forget(key);
      }
      this.#mark(key, wanted?.revision ?? state.world.revision);
      state.pending.wake(key);
    }
  }

  /**
   * A request of the client: an answer to a response, a change of its subscription, or both. Those that come
   * before the world is open wait for it: only then can be told which of the client's versions are current.
   */
  onRequest(request: Request): void {
    if (this.state.world.isOpen) this.#handle(request);
    else this.#early.push(request);
  }

  #handle(request: Request): void {
    const { typeUrl, nonce } = request;
    const batches = this.state.ledger.inFlight.answered(typeUrl, nonce, this.state.variant);
    const first = !this.state.subscriptions.has(typeUrl);
    if (first) this.#begin(request);
    if (batches.length > 0 && request.error !== undefined) this.#refuse(batches, request.error);
    else for (const batch of batches) this.#accept(batch);
    // "The server should ignore a request with a stale nonce": a state of the world request names all
    // that the client wanted before it saw the latest response, and another will follow. A delta
    // request carries changes, which count whatever the nonce.
    if (request.want.variant === "sotw" && nonce !== "" && nonce !== this.#lastNonce.get(typeUrl)) return;
    const subscription = this.state.subscription(typeUrl);
    const change =
      request.want.variant === "delta"
        ? subscription.update(request.want.subscribe, request.want.unsubscribe)
        : subscription.replace(request.want.names);
    this.#resubscribe(typeUrl, change, first);
  }

  /** The responses that may be sent now. */
  next(): Response[] {
    const { state } = this;
    if (!state.world.isOpen) return [];
    for (const request of this.#early.splice(0)) this.#handle(request);
    for (const key of this.#retries.take(this.#now())) {
      state.ledger.pardon(key);
      this.#mark(key, state.world.revision);
    }
    this.#notePause();
    const responses = this.#respondAll();
    return responses.length === 0 && this.#settle() ? this.#respondAll() : responses;
  }

  #respondAll(): Response[] {
    const { state } = this;
    const responses: Response[] = [];
    for (const channel of TYPE_ORDER) {
      if (!state.subscriptions.has(channel) || state.channelOf(channel) !== channel) continue;
      if (state.ledger.inFlight.of(channel).length > 0 && !this.#isOverdue(channel)) continue;
      const response = this.#respond(channel);
      if (response !== undefined) responses.push(response);
    }
    return responses;
  }

  /**
   * Looks again at removals that waited for the node to say what it holds, once all else is done and whenever
   * something of unknown contents has been replaced. Returns whether that changed something.
   */
  #settle(): boolean {
    const { state } = this;
    if (this.#now() < this.startedAt + SETTLE_AFTER || !this.idle) return false;
    const waiting = [...state.pending.blocked()].filter(([, block]) => block.reason === "settling");
    const unknown = TYPE_ORDER.reduce((sum, type) => sum + state.ledger.unknown(type), 0);
    if (state.settled && unknown === this.#unknownBefore) return false;
    state.settled = true;
    this.#unknownBefore = unknown;
    for (const [key] of waiting) state.pending.wake(key);
    return waiting.length > 0;
  }

  /**
   * Whether a response may leave although the last one has not been answered. Not in a search on state of the
   * world, where a client may answer only the latest of several and so tells nothing about the others.
   */
  #isOverdue(channel: string): boolean {
    const { state } = this;
    const youngest = state.ledger.inFlight.of(channel).at(-1);
    if (channel !== TYPE_URLS.CLUSTER || this.#now() < (youngest?.sentAt ?? 0) + PATIENCE) return false;
    const searching = state.suspectsOf(channel).size > 0 || this.#lastWasGroup.has(channel);
    return state.variant === "delta" || !searching;
  }

  #notePause(): void {
    const { state } = this;
    const batches = state.ledger.inFlight.of(TYPE_URLS.CLUSTER);
    state.clustersPaused = batches.length > 0 && this.#now() >= (batches[0]?.sentAt ?? 0) + PATIENCE;
    if (!state.clustersPaused) return;
    for (const batch of batches) for (const key of batch.since.keys()) state.pending.wake(key);
  }

  #respond(channel: string): Response | undefined {
    const { state } = this;
    const found = collect(state, channel, this.#limits, !this.#lastWasGroup.delete(channel));
    if (found === undefined && !this.#owesEmpty(channel)) return undefined;
    if (found?.source === "group") this.#lastWasGroup.add(channel);
    this.#unanswered.delete(channel);
    const change = cumulate(state, channel, found ?? { sets: [], removals: [], since: new Map() });
    const nonce = `${++this.#nonce}`;
    this.#lastNonce.set(channel, nonce);
    const resources = render(state, channel, change, this.#inline);
    const { sets, removals, since, carried } = change;
    state.ledger.send(
      { typeUrl: channel, nonce, sets, removals, since, carried, sentAt: this.#now() },
      resources,
    );
    if (channel === TYPE_URLS.CLUSTER) this.#resendEndpoints(sets);
    return { typeUrl: channel, nonce, resources, removed: removals.map(nameOf) };
  }

  /** Whether the client waits for an answer to its first request, and there is nothing to tell it. */
  #owesEmpty(channel: string): boolean {
    if (!this.#unanswered.has(channel)) return false;
    for (const [key, block] of this.state.pending.blocked())
      if (typeOf(key) === channel && block.reason === "dependency") return false;
    return true;
  }

  /** The first request of a type on this stream. */
  #begin(request: Request): void {
    const { state } = this;
    const { typeUrl } = request;
    if (request.want.variant === "delta") {
      for (const [name, version] of Object.entries(request.want.initialVersions)) {
        state.settled = this.#now() >= this.startedAt + SETTLE_AFTER;
        const key = keyOf(typeUrl, name);
        const form = state.world.known(key, version);
        state.ledger.recall(key, version, form);
        if (form !== undefined) state.world.noteAccepted(state.node, form);
        // A RouteConfiguration of which the client holds virtual hosts is in use.
        if (typeUrl === TYPE_URLS.VIRTUAL_HOST) state.inactive.delete(routeConfigurationOf(name));
        else if (typeUrl === TYPE_URLS.ROUTE_CONFIGURATION) this.#noteRouteConfiguration(key);
      }
    } else if (typeUrl === TYPE_URLS.ROUTE_CONFIGURATION) {
      // State of the world: virtual hosts come with their RouteConfigurations, all of them.
      const change = state.subscription(TYPE_URLS.VIRTUAL_HOST).replace([]);
      this.#resubscribe(TYPE_URLS.VIRTUAL_HOST, change, false);
    }
    if (typeUrl === TYPE_URLS.CLUSTER || typeUrl === TYPE_URLS.LISTENER) {
      if (state.ledger.heldOf(typeUrl).size === 0) this.#unanswered.add(typeUrl);
    }
  }

  #resubscribe(typeUrl: string, change: SubscriptionChange, first: boolean): void {
    const { state } = this;
    for (const name of change.dropped) this.#forget(keyOf(typeUrl, name));
    for (const name of change.added) {
      const key = keyOf(typeUrl, name);
      if (typeUrl === TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT) this.#impliesCluster(name);
      // In the first request, the versions that come with it tell what need not be sent.
      if (!first || state.ledger.held(key) === undefined) state.owed.add(key);
      this.#mark(key, 0);
    }
    if (change.wildcardEnded) {
      for (const key of [...state.ledger.heldOf(typeUrl).keys()]) if (!state.wants(key)) this.#forget(key);
    }
    if (!change.wildcardStarted) return;
    for (const key of state.world.keys(typeUrl)) this.#mark(key, 0);
    for (const key of state.ledger.heldOf(typeUrl).keys()) this.#mark(key, 0);
  }

  /** A client that asks for the load assignment of a cluster has accepted the cluster, whether it has said so or not. */
  #impliesCluster(name: string): void {
    const { state } = this;
    const key = keyOf(TYPE_URLS.CLUSTER, name);
    const form = state.ledger.inFlight.onlyForm(key);
    if (form === undefined || state.ledger.held(key) !== undefined) return;
    this.#free(state.ledger.swap(form));
    state.world.noteAccepted(state.node, form);
    state.pending.wake(key);
  }

  /** The client no longer holds `key`, and does not want it. */
  #forget(key: string): void {
    const { state } = this;
    state.owed.delete(key);
    state.pending.settle(key);
    state.ledger.unsend(key);
    this.#free(state.ledger.forget(key));
    if (typeOf(key) === TYPE_URLS.ROUTE_CONFIGURATION) this.#forgetVirtualHosts(key);
    state.pending.wake(key);
  }

  /** With a RouteConfiguration Envoy drops its virtual hosts: should it come again, so must they. */
  #forgetVirtualHosts(routeConfiguration: string): void {
    const { state } = this;
    state.inactive.delete(routeConfiguration);
    const prefix = keyOf(TYPE_URLS.VIRTUAL_HOST, `${nameOf(routeConfiguration)}/`);
    for (const key of [...state.ledger.heldOf(TYPE_URLS.VIRTUAL_HOST).keys()]) {
      if (!key.startsWith(prefix) || routeConfigurationOf(nameOf(key)) !== routeConfiguration) continue;
      this.#free(state.ledger.forget(key));
      state.ledger.unsend(key);
      this.#mark(key, 0);
    }
  }

  #accept(batch: Batch): void {
    const { state } = this;
    state.ledger.inFlight.land(batch);
    if (batch.since.size > 0) state.ledger.time(batch.typeUrl, this.#now() - batch.sentAt);
    for (const form of batch.sets) {
      if (state.wants(form.key)) this.#hold(form);
      // It was let go while it was under way.
      else this.#free(state.ledger.release(form));
    }
    for (const key of batch.removals) this.#removed(key);
  }

  #hold(form: Form): void {
    const { state } = this;
    const { key } = form;
    const before = state.ledger.held(key);
    this.#free(state.ledger.accept(form));
    state.suspicious.delete(key);
    this.#retries.forget(key);
    state.world.noteAccepted(state.node, form);
    this.#activate(key);
    if (before !== undefined) this.#inviteRetries(key);
    if (typeOf(key) === TYPE_URLS.ROUTE_CONFIGURATION && before === undefined)
      this.#noteRouteConfiguration(key);
    const target = targetOf(state, key, state.ledger.held(key));
    if (target !== "withheld" && target?.version !== form.version)
      this.#mark(key, target?.revision ?? state.world.revision);
    state.pending.wake(key);
  }

  #removed(key: string): void {
    const { state } = this;
    const before = state.ledger.held(key);
    this.#free(state.ledger.forget(key));
    state.ledger.unsend(key);
    this.#activate(key);
    if (before !== undefined) this.#inviteRetries(key);
    // It may have come back while its removal was under way.
    if (state.world.wanted(key) !== undefined) this.#mark(key, state.world.revision);
    state.pending.wake(key);
  }

  /**
   * After a cluster is updated Envoy warms a new one in its place, which waits for a load assignment; on
   * delta it does not ask for one that it is subscribed to already (envoy issue 33607). It must follow at once:
   * while a cluster warms, Envoy withholds the answer to CDS.
   */
  #resendEndpoints(clusters: readonly Form[]): void {
    for (const form of clusters) {
      const key = loadAssignmentOf(form.resource.name);
      // It is owed even if not asked for yet: a first request after a reconnect may be on its way.
      this.state.owed.add(key);
      this.#mark(key, form.revision);
    }
  }

  #noteRouteConfiguration(key: string): void {
    const { state } = this;
    if (state.variant === "sotw") return;
    const prefix = keyOf(TYPE_URLS.VIRTUAL_HOST, `${nameOf(key)}/`);
    for (const host of state.ledger.heldOf(TYPE_URLS.VIRTUAL_HOST).keys())
      if (host.startsWith(prefix) && routeConfigurationOf(nameOf(host)) === key) return;
    state.inactive.add(key);
  }

  /** A response that names something in the namespace of a RouteConfiguration puts it in use. */
  #activate(key: string): void {
    if (typeOf(key) === TYPE_URLS.VIRTUAL_HOST) this.state.inactive.delete(routeConfigurationOf(nameOf(key)));
  }

  #refuse(batches: readonly Batch[], words: string): void {
    const { state } = this;
    const forms = new Map<string, Form | undefined>();
    for (const batch of batches) {
      state.ledger.inFlight.land(batch);
      for (const form of batch.sets) this.#free(state.ledger.release(form));
      for (const form of batch.sets) if (!batch.carried.has(form.key)) forms.set(form.key, form);
      for (const key of batch.removals) if (!batch.carried.has(key)) forms.set(key, undefined);
    }
    const sets = [...forms.values()].filter((form) => form !== undefined);
    const removals = [...forms.keys()].filter((key) => forms.get(key) === undefined);
    const [culprit, another] = sets;
    const alone =
      another === undefined && removals.length === 0 && !batches.some((one) => this.#isLaden(one));
    if (culprit !== undefined && alone) this.#convict(culprit, words);
    else if (culprit !== undefined) this.#search(batches, sets, removals);
    // Nothing in it could be at fault; that the names are gone is all that was said.
    else for (const key of removals) this.#removed(key);
  }

  /** Whether a batch carried something that the node has not accepted, which may be why it was refused. */
  #isLaden(batch: Batch): boolean {
    const { ledger } = this.state;
    return batch.sets.some(
      ({ key, version }) => batch.carried.has(key) && ledger.held(key)?.version !== version,
    );
  }

  /**
   * Envoy drops everything in a refused response, or not (it depends on where the fault is found): all of it is
   * sent again, in parts.
   */
  #search(batches: readonly Batch[], sets: readonly Form[], removals: readonly string[]): void {
    const { state } = this;
    const suspects = sets.map((form) => form.key);
    for (const key of [...suspects, ...removals]) {
      this.#mark(key, Math.min(...batches.map((batch) => batch.since.get(key) ?? state.world.revision)));
      if (state.wants(key)) state.owed.add(key);
      state.pending.shelve(key);
    }
    for (const batch of batches.slice(0, 1)) state.suspectsOf(batch.typeUrl).split(suspects, removals);
  }

  /** `form` was refused alone: it is withheld from this node. */
  #convict(form: Form, words: string): void {
    const { state } = this;
    const { key } = form;
    const now = this.#now();
    state.ledger.pardon(key, [state.world.wanted(key)?.version, state.world.accepted(key)?.version]);
    state.ledger.refuse(form, { version: form.version, words, at: now });
    state.suspicious.add(key);
    this.#retries.refused(key, now);
    state.world.noteRefused(state.node, form, words, now);
    // Something else may do in its place: what some node accepted, or a version that came meanwhile.
    this.#mark(key, state.world.revision);
    state.pending.wake(key);
  }

  #inviteRetries(changed: string): void {
    const parent = parentOf(changed);
    for (const key of this.#retries.keys())
      if (key !== changed && typeOf(key) === typeOf(changed) && parentOf(key) === parent)
        this.#retries.invite(key);
  }

  #free(keys: readonly string[]): void {
    for (const key of keys) this.state.pending.wake(key);
  }

  #mark(key: string, since: number): void {
    const { state } = this;
    state.mark(key, since);
    // Inlined virtual hosts can travel with a RouteConfiguration that the node does not have yet.
    if (state.variant === "sotw" && typeOf(key) === TYPE_URLS.ROUTE_CONFIGURATION) state.pending.wake(key);
  }
}

/**
 * On state of the world a response holds what is under way, too, and is refused for the sake of that as well: so
 * it counts as part of the change.
 */
function cumulate(
  state: NodeState,
  channel: string,
  change: Collected,
): Collected & { carried: ReadonlySet<string> } {
  const earlier = state.ledger.inFlight.of(channel);
  if (state.variant === "delta" || earlier.length === 0) return { ...change, carried: new Set() };
  const forms = new Map<string, Form | undefined>();
  const since = new Map<string, number>();
  for (const layer of [...earlier, change]) {
    for (const form of layer.sets) forms.set(form.key, form);
    for (const key of layer.removals) forms.set(key, undefined);
    for (const [key, at] of layer.since) since.set(key, Math.min(at, since.get(key) ?? at));
  }
  const sets = [...forms.values()].filter((form) => form !== undefined);
  const removals = [...forms].filter(([, form]) => form === undefined).map(([key]) => key);
  const own = new Set(change.since.keys());
  return { sets, removals, since, carried: new Set([...since.keys()].filter((key) => !own.has(key))) };
}

function parentOf(key: string): string {
  return typeOf(key) === TYPE_URLS.VIRTUAL_HOST ? routeConfigurationOf(nameOf(key)) : "";
}

function inlineMissing(): never {
  throw new Error("state of the world needs a function that inlines virtual hosts");
}

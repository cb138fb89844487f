import { collect, DEFAULT_LIMITS, type Limits } from "./collect.ts";
import { cumulate } from "./cumulate.ts";
import { accept, dismiss, isUnknown, resendEndpoints } from "./holdings.ts";
import type { Inline } from "./inline.ts";
import { nameOf, typeOf } from "./keys.ts";
import { NodeState, type Variant } from "./node-state.ts";
import type { Request, Response } from "./protocol.ts";
import { refuse } from "./refuse.ts";
import { render } from "./render.ts";
import { begin, resubscribe } from "./subscribe.ts";
import { isAcceptedUnseen, TYPE_ORDER, TYPE_URLS } from "./type-urls.ts";
import type { World } from "./world.ts";

/**
 * How long the answer to a cluster response is waited for. While any cluster warms, Envoy (1.40) withholds its
 * answers to all; a name that does not resolve holds them up for 106 s (measured). So that one such cluster
 * does not hold up all others, the next response leaves without the answer after this time.
 */
const PATIENCE = 100;

/** So many responses at most are unanswered, or the memory for a client that answers nothing would grow for ever. */
const MAX_UNANSWERED = 1_024;

/**
 * So many responses about resources that have to travel alone are under way at once, so that a cold start with many
 * certificates does not take a round trip for each.
 */
const WINDOW = 64;

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
  readonly #inline: Inline;
  readonly #limits: Limits;
  readonly #lastNonce = new Map<string, string>();
  readonly #lastWasGroup = new Set<string>();
  readonly #early: Request[] = [];
  /** How much of what the node held was unknown when that was looked at last. */
  #unknownBefore = 0;
  #nonce = 0;

  constructor(options: SessionOptions) {
    this.state = new NodeState(options.node, options.variant, options.world, options.now ?? Date.now);
    this.#inline = options.inline ?? inlineMissing;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
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
    const settleAt = this.state.settled ? undefined : this.state.settlesAt;
    // What lies in the past waits for an answer of the client, not for the clock.
    const batches = this.state.ledger.inFlight.of(TYPE_URLS.CLUSTER).map((batch) => batch.sentAt + PATIENCE);
    const times = [this.state.retries.nextAt, settleAt, this.state.backgroundAt, ...batches].filter(
      (time) => time !== undefined && time > this.state.now(),
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
        this.state.retries.forget(key);
      }
      if (wanted === undefined && isUnknown(state, key)) dismiss(state, key);
      else this.state.mark(key, wanted?.revision ?? state.world.revision);
      state.pending.wake(key);
    }
  }

  /**
   * A request of the client: an answer to a response, a change of its subscription, or both. Those that come
   * before the world is open wait for it: only then can be told which of the client's versions are current. A request
   * for a type that is not served is passed over.
   */
  onRequest(request: Request): void {
    if (!TYPE_ORDER.includes(request.typeUrl)) return;
    if (this.state.world.isOpen) this.#handle(request);
    else this.#early.push(request);
  }

  #handle(request: Request): void {
    const { typeUrl, nonce } = request;
    const batches = this.state.ledger.inFlight.answered(typeUrl, nonce, this.state.variant);
    const first = !this.state.subscriptions.has(typeUrl);
    if (first) begin(this.state, request);
    if (batches.length > 0 && request.error !== undefined) refuse(this.state, batches, request.error);
    else for (const batch of batches) accept(this.state, batch);
    // "The server should ignore a request with a stale nonce": a state of the world request names all
    // that the client wanted before it saw the latest response, and another will follow. A delta
    // request carries changes, which count whatever the nonce.
    if (request.want.variant === "sotw" && nonce !== "" && nonce !== this.#lastNonce.get(typeUrl)) return;
    const subscription = this.state.subscription(typeUrl);
    const change =
      request.want.variant === "delta"
        ? subscription.update(request.want.subscribe, request.want.unsubscribe)
        : subscription.replace(request.want.names);
    resubscribe(this.state, typeUrl, change, first);
  }

  /** The responses that may be sent now. */
  next(): Response[] {
    const { state } = this;
    if (!state.world.isOpen) return [];
    for (const request of this.#early.splice(0)) this.#handle(request);
    for (const key of this.state.retries.take(this.state.now())) {
      state.ledger.pardon(key);
      this.state.mark(key, state.world.revision);
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
      while (this.#maySend(channel)) {
        const response = this.#respond(channel);
        if (response === undefined) break;
        responses.push(response);
      }
    }
    return responses;
  }

  /**
   * Looks again at removals that waited for the node to say what it holds, once all else is done and whenever
   * something of unknown contents has been replaced. Returns whether that changed something.
   */
  #settle(): boolean {
    const { state } = this;
    if (this.state.now() < this.state.settlesAt || !this.idle) return false;
    const waiting = [...state.pending.blocked()].filter(([, block]) => block.reason === "settling");
    const unknown = TYPE_ORDER.reduce((sum, type) => sum + state.ledger.unknown(type), 0);
    if (state.settled && unknown === this.#unknownBefore) return false;
    state.settled = true;
    this.#unknownBefore = unknown;
    for (const [key] of waiting) state.pending.wake(key);
    return waiting.length > 0;
  }

  #maySend(channel: string): boolean {
    const { length } = this.state.ledger.inFlight.of(channel);
    if (length === 0 || this.#isOverdue(channel)) return true;
    // Each answer is about one response, and each response about one resource: none needs to wait for another.
    return this.state.variant === "delta" && isAcceptedUnseen(channel) && length < WINDOW;
  }

  /**
   * Whether a response may leave although the last one has not been answered. Not in a search on state of the
   * world, where a client may answer only the latest of several and so tells nothing about the others.
   */
  #isOverdue(channel: string): boolean {
    const { state } = this;
    const unanswered = state.ledger.inFlight.of(channel);
    const overdueAt = (unanswered.at(-1)?.sentAt ?? 0) + PATIENCE;
    if (channel !== TYPE_URLS.CLUSTER || unanswered.length >= MAX_UNANSWERED || state.now() < overdueAt)
      return false;
    const searching = state.suspectsOf(channel).size > 0 || this.#lastWasGroup.has(channel);
    return state.variant === "delta" || !searching;
  }

  #notePause(): void {
    const { state } = this;
    const batches = state.ledger.inFlight.of(TYPE_URLS.CLUSTER);
    const before = state.clustersPaused;
    state.clustersPaused = batches.length > 0 && this.state.now() >= (batches[0]?.sentAt ?? 0) + PATIENCE;
    if (before || !state.clustersPaused) return;
    for (const batch of batches) for (const key of batch.since.keys()) state.pending.wake(key);
  }

  #respond(channel: string): Response | undefined {
    const { state } = this;
    const found = collect(state, channel, this.#limits, !this.#lastWasGroup.delete(channel));
    if (found === undefined && !this.#owesEmpty(channel)) return undefined;
    if (found?.source === "group") this.#lastWasGroup.add(channel);
    this.state.unanswered.delete(channel);
    const change = cumulate(state, channel, found ?? { sets: [], removals: [], since: new Map() });
    const nonce = `${++this.#nonce}`;
    this.#lastNonce.set(channel, nonce);
    const resources = render(state, channel, change, this.#inline);
    const { sets, removals, since, carried } = change;
    state.ledger.send(
      { typeUrl: channel, nonce, sets, removals, since, carried, sentAt: this.state.now() },
      resources,
    );
    if (channel === TYPE_URLS.CLUSTER) resendEndpoints(state, sets);
    return { typeUrl: channel, nonce, resources, removed: removals.map(nameOf) };
  }

  /** Whether the client waits for an answer to its first request, and there is nothing to tell it. */
  #owesEmpty(channel: string): boolean {
    if (!this.state.unanswered.has(channel)) return false;
    for (const [key, block] of this.state.pending.blocked())
      if (typeOf(key) === channel && block.reason === "dependency") return false;
    return true;
  }
}

function inlineMissing(): never {
  throw new Error("state of the world needs a function that inlines virtual hosts");
}

import { nameOf, typeOf } from "./keys.ts";
import type { Totals } from "./ledger.ts";
import type { NodeInfo } from "./node-info.ts";
import type { NodeSession } from "./node-session.ts";
import type { Variant } from "./node-state.ts";
import type { Block, Reason } from "./pending.ts";
import { TYPE_ORDER } from "./type-urls.ts";

/** One node on one stream, as the debug endpoint shows it. Plain data, a copy. */
export interface NodeView {
  readonly info: NodeInfo;
  readonly variant: Variant;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  /** Another stream came with the same node id; this one is served as long as it lives. */
  readonly superseded: boolean;
  readonly idle: boolean;
  /** By type URL; only types that the node asked for. */
  readonly types: Readonly<Record<string, TypeView>>;
}

export interface TypeView {
  /** `*` for everything, else names. */
  readonly subscribed: "*" | readonly string[];
  /** Name → version sent last. */
  readonly sent: Readonly<Record<string, string>>;
  /** Name → version that the node holds. */
  readonly accepted: Readonly<Record<string, string>>;
  readonly refused: readonly RefusedView[];
  readonly waiting: readonly WaitingView[];
  /** What the node has not answered; `sentAt` of the oldest such response. */
  readonly inFlight?: {
    readonly responses: number;
    readonly names: readonly string[];
    readonly sentAt: number;
  };
  /** Zero for virtual hosts on state of the world: they travel in their RouteConfigurations. */
  readonly totals: Totals;
  /** How long the node took to accept, milliseconds. */
  readonly lastMs?: number;
  readonly medianMs?: number;
}

export interface RefusedView {
  readonly name: string;
  readonly version: string;
  readonly words: string;
  readonly at: number;
}

export interface WaitingView {
  readonly name: string;
  readonly reason: Reason;
  readonly on: { readonly typeUrl: string; readonly name: string };
  /** The resource is withheld from the node at the end of the chain: only a change of it helps. */
  readonly withheld: boolean;
}

export function viewNode(info: NodeInfo, session: NodeSession, superseded: boolean): NodeView {
  const types: Record<string, TypeView> = {};
  for (const type of TYPE_ORDER)
    if (session.state.subscriptions.has(type)) types[type] = viewType(session, type);
  return {
    info,
    variant: session.state.variant,
    connectedAt: session.state.startedAt,
    superseded,
    idle: session.idle,
    types,
  };
}

function viewType({ state }: NodeSession, typeUrl: string): TypeView {
  const { ledger } = state;
  const subscription = state.subscription(typeUrl);
  const batches = ledger.inFlight.of(state.channelOf(typeUrl));
  const timings = ledger.timings(state.channelOf(typeUrl));
  const accepted = [...ledger.heldOf(typeUrl)].map(([key, held]) => [nameOf(key), held.version] as const);
  const keys = new Set(batches.flatMap((batch) => [...batch.since.keys()]));
  const names = [...keys].filter((key) => typeOf(key) === typeUrl).map(nameOf);
  const [oldest] = batches;
  const inFlight = oldest && { responses: batches.length, names, sentAt: oldest.sentAt };
  const last = timings.at(-1);
  const median = timings.toSorted((a, b) => a - b)[timings.length >> 1];
  return {
    subscribed: subscription.wildcard ? "*" : [...subscription.names],
    sent: Object.fromEntries(ledger.sentOf(typeUrl)),
    accepted: Object.fromEntries(accepted),
    refused: viewRefused(state, typeUrl),
    waiting: viewWaiting(state, typeUrl),
    totals: ledger.totals(typeUrl),
    ...(inFlight === undefined ? {} : { inFlight }),
    ...(last === undefined ? {} : { lastMs: last }),
    ...(median === undefined ? {} : { medianMs: median }),
  };
}

type State = NodeSession["state"];

function viewRefused(state: State, typeUrl: string): RefusedView[] {
  const views: RefusedView[] = [];
  for (const [key, versions] of state.ledger.refused()) {
    if (typeOf(key) !== typeUrl) continue;
    for (const { version, words, at } of versions.values())
      views.push({ name: nameOf(key), version, words, at });
  }
  return views;
}

function viewWaiting(state: State, typeUrl: string): WaitingView[] {
  const views: WaitingView[] = [];
  for (const [key, block] of state.pending.blocked()) {
    if (typeOf(key) !== typeUrl) continue;
    const on = { typeUrl: typeOf(block.on), name: nameOf(block.on) };
    views.push({ name: nameOf(key), reason: block.reason, on, withheld: isWithheld(state, block) });
  }
  return views;
}

function isWithheld(state: State, block: Block): boolean {
  const wanted = state.world.wanted(block.on);
  if (wanted !== undefined && state.ledger.refusal(block.on, wanted.version) !== undefined) return true;
  const next = state.pending.blockOf(block.on);
  return next !== undefined && next.on !== block.on && isWithheld(state, next);
}

import { Background } from "./background.ts";
import { typeOf } from "./keys.ts";
import { Ledger } from "./ledger.ts";
import { Pending } from "./pending.ts";
import { Retries } from "./retry.ts";
import { Subscription } from "./subscription.ts";
import { Suspects } from "./suspects.ts";
import { isWildcardType, TYPE_URLS } from "./type-urls.ts";
import type { World } from "./world.ts";

/** The two variants of the aggregated protocol: incremental, and state of the world. */
export type Variant = "delta" | "sotw";

/**
 * How long after the start of a stream a client that held something keeps its clusters: by then it has said for
 * every type what it holds, so that what refers to a cluster is known.
 */
const SETTLE_AFTER = 2_000;

/**
 * All that is known about one node on one stream. What to do is decided in `gate.ts` and gathered in `collect.ts`;
 * what the node does changes it in `subscribe.ts`, `holdings.ts` and `refuse.ts`.
 */
export class NodeState {
  readonly node: string;
  readonly variant: Variant;
  readonly world: World;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly startedAt: number;
  /** When `settled` may become true. */
  readonly settlesAt: number;
  readonly retries = new Retries();
  readonly ledger = new Ledger();
  readonly pending = new Pending();
  readonly background = new Background();
  /** Whether virtual hosts of a table that many share were held back by the last response, for those with a table of their own. */
  sharedHeldBack = false;
  /** By channel. */
  readonly suspects = new Map<string, Suspects>();
  readonly subscriptions = new Map<string, Subscription>();
  /** Keys that must be sent although the node may hold this very version, and names that must be answered. */
  readonly owed = new Set<string>();
  /** Keys that were refused and have not been accepted since: they are sent alone. */
  readonly suspicious = new Set<string>();
  /** RouteConfigurations that the node accepted but that no VHDS response has made active. */
  readonly inactive = new Set<string>();
  /** Whether the node has said all that it holds from an earlier stream. */
  settled = true;

  /** Whether the node takes so long to answer about clusters that it must be waiting for one to get warm. */
  clustersPaused = false;

  /** Wildcard channels whose first request has not been answered; an empty world must be told, too. */
  readonly unanswered = new Set<string>();

  constructor(node: string, variant: Variant, world: World, now: () => number) {
    this.node = node;
    this.variant = variant;
    this.world = world;
    this.now = now;
    this.startedAt = now();
    this.settlesAt = this.startedAt + SETTLE_AFTER;
  }

  /** When virtual hosts of little urgency may be sent, if some wait; milliseconds since the epoch. */
  get backgroundAt(): number | undefined {
    return this.background.dueAt(this.ledger.timings(TYPE_URLS.VIRTUAL_HOST).at(-1) ?? 0);
  }

  /** The type URL under which resources of a type travel: on state of the world virtual hosts are inlined. */
  channelOf(typeUrl: string): string {
    return this.variant === "sotw" && typeUrl === TYPE_URLS.VIRTUAL_HOST
      ? TYPE_URLS.ROUTE_CONFIGURATION
      : typeUrl;
  }

  /** The subscription of a type, made when it is first asked for. */
  subscription(typeUrl: string): Subscription {
    let found = this.subscriptions.get(typeUrl);
    if (found === undefined) {
      found = new Subscription(isWildcardType(typeUrl));
      this.subscriptions.set(typeUrl, found);
    }
    return found;
  }

  wants(key: string): boolean {
    const subscription = this.subscriptions.get(typeOf(key));
    return subscription?.wants(key.slice(key.indexOf("\u0000") + 1)) ?? false;
  }

  isWildcard(typeUrl: string): boolean {
    return this.subscriptions.get(typeUrl)?.wildcard ?? false;
  }

  suspectsOf(channel: string): Suspects {
    let found = this.suspects.get(channel);
    if (found === undefined) {
      found = new Suspects();
      this.suspects.set(channel, found);
    }
    return found;
  }

  isToBeTried(key: string): boolean {
    return this.pending.isCandidate(key) || this.isSuspected(key);
  }

  /** Whether `key` waits in a group of suspects. */
  isSuspected(key: string): boolean {
    return this.suspects.get(this.channelOf(typeOf(key)))?.has(key) ?? false;
  }

  /** Puts `key` among what is to be done, if the node wants it. */
  mark(key: string, since: number): void {
    if (!this.wants(key)) return;
    this.pending.mark(key, since);
    // A group of suspects that it waits in sends its latest form.
    if (this.isSuspected(key)) this.pending.shelve(key);
    // Inlined virtual hosts can travel with a RouteConfiguration that the node does not have yet.
    if (this.variant === "sotw" && typeOf(key) === TYPE_URLS.ROUTE_CONFIGURATION) this.pending.wake(key);
  }

  /** Nothing refers to these keys any more: removals may have waited for that. */
  free(keys: readonly string[]): void {
    for (const key of keys) this.pending.wake(key);
  }
}

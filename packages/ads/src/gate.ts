import type { Form } from "./form.ts";
import { keyOf, nameOf, routeConfigurationOf, typeOf } from "./keys.ts";
import type { Held } from "./ledger.ts";
import type { NodeState } from "./node-state.ts";
import type { Block } from "./pending.ts";
import { isAcceptedUnseen, TYPE_URLS } from "./type-urls.ts";

/** What is to be done about one resource on one node, now. */
export type Decision =
  | { readonly kind: "nothing" }
  /** The node holds these bytes already; only what we know of them is new. */
  | { readonly kind: "swap"; readonly form: Form }
  /** `alone`: it is suspected, so nothing else may ride in its response. */
  | { readonly kind: "send"; readonly form: Form; readonly alone: boolean }
  | { readonly kind: "remove" }
  | ({ readonly kind: "blocked" } & Block);

const NOTHING: Decision = { kind: "nothing" };

/**
 * Decides about `key`. `together` are keys that would travel in the same response and apply before it
 * (the RouteConfiguration around an inlined virtual host). Reads the state, changes nothing.
 */
export function decide(state: NodeState, key: string, together?: ReadonlySet<string>): Decision {
  if (!state.wants(key)) return NOTHING;
  const { inFlight } = state.ledger;
  const held = state.ledger.held(key);
  const target = targetOf(state, key, held);
  if (target === "withheld") return NOTHING;
  // What counts is what the node will hold once it has answered all that is under way.
  const current = inFlight.has(key) ? inFlight.form(key) : held;
  if (target === undefined) return decideRemoval(state, key, current);
  if (current?.version === target.version && !state.owed.has(key))
    return inFlight.has(key) || held?.form === target ? NOTHING : { kind: "swap", form: target };
  for (const dep of target.deps) {
    if (!together?.has(dep) && !isSatisfied(state, dep, target.revision))
      return { kind: "blocked", on: dep, reason: "dependency" };
  }
  const unproven = state.world.accepted(key)?.version !== target.version;
  const alone =
    unproven && (isAcceptedUnseen(typeOf(key)) || state.suspicious.has(key) || state.world.isSuspect(target));
  return { kind: "send", form: target, alone };
}

/**
 * The form that the node should hold. One that it refused is passed over for what it holds, or else for
 * what some node accepted. A node that holds nothing gets a form that some node accepted before it gets
 * one that nobody has: a new Envoy is not the place to try things.
 */
export function targetOf(
  state: NodeState,
  key: string,
  held: Held | undefined,
): Form | "withheld" | undefined {
  const wanted = state.world.wanted(key);
  if (wanted === undefined) return undefined;
  const accepted = state.world.accepted(key);
  if (accepted?.version === wanted.version && state.ledger.refusal(key, wanted.version) === undefined)
    return wanted;
  const usable = accepted !== undefined && isUsable(state, accepted);
  if (state.ledger.refusal(key, wanted.version) !== undefined)
    return held?.form ?? (usable ? accepted : "withheld");
  return held === undefined && usable ? accepted : wanted;
}

/** Whether a form that is not the wanted one can stand in for it on this node. */
function isUsable(state: NodeState, form: Form): boolean {
  if (state.ledger.refusal(form.key, form.version) !== undefined) return false;
  return form.deps.every((dep) => state.world.wanted(dep) !== undefined);
}

function decideRemoval(state: NodeState, key: string, current: { version: string } | undefined): Decision {
  if (!state.isWildcard(typeOf(key))) {
    // A client that asks by name unsubscribes by itself once nothing refers to the name. It is told only
    // that what it just asked for does not exist, so that it does not wait for it.
    return state.variant === "delta" && state.owed.has(key) ? { kind: "remove" } : NOTHING;
  }
  if (current === undefined)
    return state.owed.has(key) && state.variant === "delta" ? { kind: "remove" } : NOTHING;
  if (typeOf(key) === TYPE_URLS.VIRTUAL_HOST) {
    // Its RouteConfiguration is on the way out too: it goes with it, after the listener has let go of both. A client
    // that asks for all RouteConfigurations, as Envoy does not, is told to drop it once its virtual hosts are gone.
    const parent = routeConfigurationOf(nameOf(key));
    const isLeaving = state.world.wanted(parent) === undefined && state.ledger.held(parent) !== undefined;
    if (isLeaving && !state.isWildcard(TYPE_URLS.ROUTE_CONFIGURATION))
      return { kind: "blocked", on: parent, reason: "route-configuration-leaving" };
  }
  if (state.ledger.isReferenced(key)) return { kind: "blocked", on: key, reason: "referenced" };
  if (typeOf(key) === TYPE_URLS.CLUSTER && !areReferrersKnown(state))
    return { kind: "blocked", on: key, reason: "settling" };
  return { kind: "remove" };
}

/** Types that refer to clusters. */
const REFERRERS = [TYPE_URLS.LISTENER, TYPE_URLS.ROUTE_CONFIGURATION, TYPE_URLS.VIRTUAL_HOST];

/**
 * Whether all that may refer to a cluster is known: not while the client has yet to say what it holds from an
 * earlier stream, nor while it holds something of unknown contents.
 */
function areReferrersKnown(state: NodeState): boolean {
  return state.settled && REFERRERS.every((type) => state.ledger.unknown(type) === 0);
}

/**
 * Whether the node holds `dep`, and no change of it is on its way that is as old as the one that waits.
 * Younger changes do not count, or endpoints that never come to rest would hold routes back for ever.
 */
function isSatisfied(state: NodeState, dep: string, revision: number): boolean {
  const { inFlight } = state.ledger;
  if (state.ledger.held(dep) === undefined || inFlight.isLeaving(dep)) return false;
  const since = inFlight.since(dep) ?? state.pending.since(dep);
  if (since === undefined || since > revision) return true;
  // Envoy withholds its answer for the sake of some other cluster; this one it has.
  if (state.clustersPaused && inFlight.has(dep) && typeOf(dep) === TYPE_URLS.CLUSTER) return true;
  return state.world.wanted(dep) === undefined || !isUnderWay(state, dep);
}

/** Whether the node's holding of `key` is still to be settled by answers that are sure to come. */
export function isUnderWay(state: NodeState, key: string): boolean {
  if (state.ledger.inFlight.has(key) || state.isToBeTried(key)) return true;
  const block = state.pending.blockOf(key);
  if (block !== undefined) return block.on !== key && isUnderWay(state, block.on);
  // An Envoy in which a cluster was warming when the last stream broke asks for clusters once it is warm, up to 15 s
  // after it has asked for all else.
  if (typeOf(key) === TYPE_URLS.CLUSTER && !state.subscriptions.has(TYPE_URLS.CLUSTER))
    return state.world.wanted(key) !== undefined;
  // A load assignment is asked for only once its cluster is there; Envoy asks before it answers about the cluster.
  if (typeOf(key) === TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT && !state.wants(key))
    return isUnderWay(state, keyOf(TYPE_URLS.CLUSTER, nameOf(key)));
  return false;
}

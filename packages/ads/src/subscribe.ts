import { forget, implyCluster, recall } from "./holdings.ts";
import { keyOf } from "./keys.ts";
import type { NodeState } from "./node-state.ts";
import type { Request } from "./protocol.ts";
import type { SubscriptionChange } from "./subscription.ts";
import { TYPE_URLS } from "./type-urls.ts";

/** The first request of a type on this stream: what the node says to hold of it. */
export function begin(state: NodeState, { typeUrl, want }: Request): void {
  if (want.variant === "delta") {
    const versions = Object.entries(want.initialVersions);
    for (const [name, version] of versions) recall(state, keyOf(typeUrl, name), version);
    if (versions.length > 0) state.settled = state.now() >= state.settlesAt;
  } else if (typeUrl === TYPE_URLS.ROUTE_CONFIGURATION) {
    // State of the world: virtual hosts come with their RouteConfigurations, all of them.
    const change = state.subscription(TYPE_URLS.VIRTUAL_HOST).replace([]);
    resubscribe(state, TYPE_URLS.VIRTUAL_HOST, change, false);
  }
  const isWholesale = typeUrl === TYPE_URLS.CLUSTER || typeUrl === TYPE_URLS.LISTENER;
  if (isWholesale && state.ledger.heldOf(typeUrl).size === 0) state.unanswered.add(typeUrl);
}

/** The node wants other resources than before. `first`: by the first request of the type on this stream. */
export function resubscribe(
  state: NodeState,
  typeUrl: string,
  change: SubscriptionChange,
  first: boolean,
): void {
  for (const name of change.dropped) forget(state, keyOf(typeUrl, name));
  for (const name of change.added) {
    const key = keyOf(typeUrl, name);
    if (typeUrl === TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT) implyCluster(state, name);
    // In the first request, the versions that come with it tell what need not be sent.
    if (!first || state.ledger.held(key) === undefined) state.owed.add(key);
    state.mark(key, 0);
  }
  if (change.wildcardEnded) {
    for (const key of [...state.ledger.heldOf(typeUrl).keys()]) if (!state.wants(key)) forget(state, key);
  }
  if (!change.wildcardStarted) return;
  for (const key of state.world.keys(typeUrl)) state.mark(key, 0);
  for (const key of state.ledger.heldOf(typeUrl).keys()) state.mark(key, 0);
}

import type { Form } from "./form.ts";
import { targetOf } from "./gate.ts";
import type { Batch } from "./in-flight.ts";
import { keyOf, loadAssignmentOf, nameOf, routeConfigurationOf, typeOf } from "./keys.ts";
import type { NodeState } from "./node-state.ts";
import { TYPE_URLS } from "./type-urls.ts";

/** The node has accepted a response. */
export function accept(state: NodeState, batch: Batch): void {
  state.ledger.inFlight.land(batch);
  if (batch.since.size > 0) state.ledger.time(batch.typeUrl, state.now() - batch.sentAt);
  for (const form of batch.sets) {
    if (state.wants(form.key)) hold(state, form);
    // It was let go while it was under way.
    else state.free(state.ledger.release(form));
  }
  for (const key of batch.removals) removed(state, key);
}

/** The node holds `form` from here on. */
function hold(state: NodeState, form: Form): void {
  const { key } = form;
  const before = state.ledger.held(key);
  state.free(state.ledger.accept(form));
  state.suspicious.delete(key);
  state.retries.forget(key);
  state.world.noteAccepted(state.node, form);
  activate(state, key);
  if (before !== undefined) inviteRetries(state, key);
  else if (typeOf(key) === TYPE_URLS.ROUTE_CONFIGURATION) noteRouteConfiguration(state, key);
  const target = targetOf(state, key, state.ledger.held(key));
  if (target !== "withheld" && target?.version !== form.version)
    state.mark(key, target?.revision ?? state.world.revision);
  state.pending.wake(key);
}

/** The node has dropped `key` because it was told to. */
export function removed(state: NodeState, key: string): void {
  const before = state.ledger.held(key);
  state.free(state.ledger.forget(key));
  state.ledger.unsend(key);
  state.suspicious.delete(key);
  // A cluster that takes no load assignment leaves one owed for ever.
  if (typeOf(key) === TYPE_URLS.CLUSTER) state.owed.delete(loadAssignmentOf(nameOf(key)));
  activate(state, key);
  if (before !== undefined) inviteRetries(state, key);
  // It may have come back while its removal was under way.
  if (state.world.wanted(key) !== undefined) state.mark(key, state.world.revision);
  state.pending.wake(key);
  state.world.noteRemoved(state.node, key);
}

/** Whether the node neither has been told of `key` nor waits to be told. */
export function isUnknown(state: NodeState, key: string): boolean {
  return state.ledger.held(key) === undefined && !state.ledger.inFlight.has(key) && !state.owed.has(key);
}

/** `key`, which is not known to the node, is gone. Without this, names that come and go would pile up. */
export function dismiss(state: NodeState, key: string): void {
  state.suspicious.delete(key);
  state.ledger.unsend(key);
  state.pending.settle(key);
}

/** The node has dropped `key` by itself: it wants it no more. */
export function forget(state: NodeState, key: string): void {
  state.owed.delete(key);
  state.pending.settle(key);
  state.ledger.unsend(key);
  state.free(state.ledger.forget(key));
  if (typeOf(key) === TYPE_URLS.ROUTE_CONFIGURATION) forgetVirtualHosts(state, key);
  state.pending.wake(key);
}

/** What the node says to hold from an earlier stream. It counts as accepted if the version is one that we know. */
export function recall(state: NodeState, key: string, version: string): void {
  const form = state.world.known(key, version);
  state.ledger.recall(key, version, form);
  if (form !== undefined) state.world.noteAccepted(state.node, form);
  if (typeOf(key) === TYPE_URLS.ROUTE_CONFIGURATION) noteRouteConfiguration(state, key);
  // A RouteConfiguration of which the node holds virtual hosts is in use.
  activate(state, key);
}

/** A node that asks for the load assignment of a cluster has accepted the cluster, whether it has said so or not. */
export function implyCluster(state: NodeState, name: string): void {
  const key = keyOf(TYPE_URLS.CLUSTER, name);
  const form = state.ledger.inFlight.onlyForm(key);
  if (form === undefined || state.ledger.held(key) !== undefined) return;
  state.free(state.ledger.swap(form));
  state.world.noteAccepted(state.node, form);
  state.pending.wake(key);
}

/**
 * After a cluster is updated Envoy warms a new one in its place, which waits for a load assignment; on
 * delta it does not ask for one that it is subscribed to already (envoy issue 33607). It must follow at once:
 * while a cluster warms, Envoy withholds the answer to CDS.
 */
export function resendEndpoints(state: NodeState, clusters: readonly Form[]): void {
  for (const form of clusters) {
    const key = loadAssignmentOf(form.resource.name);
    // It is owed even if not asked for yet: a first request after a reconnect may be on its way.
    state.owed.add(key);
    state.mark(key, form.revision);
  }
}

/** With a RouteConfiguration Envoy drops its virtual hosts: should it come again, so must they. */
function forgetVirtualHosts(state: NodeState, routeConfiguration: string): void {
  state.inactive.delete(routeConfiguration);
  for (const key of [...state.ledger.virtualHosts(routeConfiguration)]) {
    state.free(state.ledger.forget(key));
    state.ledger.unsend(key);
    state.mark(key, 0);
  }
}

/** A new RouteConfiguration is not in use before a response about virtual hosts names something in it. */
function noteRouteConfiguration(state: NodeState, key: string): void {
  if (state.variant === "delta" && state.ledger.virtualHosts(key).size === 0) state.inactive.add(key);
}

function activate(state: NodeState, key: string): void {
  if (typeOf(key) === TYPE_URLS.VIRTUAL_HOST) state.inactive.delete(routeConfigurationOf(nameOf(key)));
}

/** A change of `changed` may have taken away why others of its kind were refused. */
function inviteRetries(state: NodeState, changed: string): void {
  const parent = parentOf(changed);
  for (const key of state.retries.keys())
    if (key !== changed && typeOf(key) === typeOf(changed) && parentOf(key) === parent)
      state.retries.invite(key);
}

function parentOf(key: string): string {
  return typeOf(key) === TYPE_URLS.VIRTUAL_HOST ? routeConfigurationOf(nameOf(key)) : "";
}

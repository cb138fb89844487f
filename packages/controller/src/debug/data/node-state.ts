import type { NodeView, TypeView } from "@sluice/ads";
import type { ResourceRef } from "@sluice/model";
import { renderingOf } from "../../gateway/gateways.ts";
import type { Rendering } from "../../gateway/rendering.ts";
import type { DebugTarget } from "../page.ts";

/** How one resource stands with one node. */
export interface NodeState {
  readonly node: string;
  readonly state: "accepted" | "refused" | "in flight" | "waiting" | "pending" | "not asked for";
  /** The version that the node holds; absent: none. */
  readonly held?: string;
  /** Envoy's words about the version that is wanted. */
  readonly words?: string;
  /** What must be accepted first. */
  readonly waitsFor?: ResourceRef;
}

/** The nodes that a rendering is for, each with what it has. */
export function nodesOf(target: DebugTarget, rendering: Rendering): readonly NodeView[] {
  return target.nodes().filter(({ info }) => renderingOf(target, info) === rendering);
}

/** How a resource of this version, or (undefined) its removal, stands with a node. */
export function nodeState(
  { info, types }: NodeView,
  { typeUrl, name }: ResourceRef,
  version: string | undefined,
): NodeState {
  const node = info.id;
  const view = types[typeUrl];
  if (view === undefined) return { node, state: "not asked for" };
  // A name may be one that all objects have, as "constructor".
  const held = Object.hasOwn(view.accepted, name) ? view.accepted[name] : undefined;
  const state = { node, ...(held === undefined ? {} : { held }) };
  if (view.inFlight?.names.includes(name)) return { ...state, state: "in flight" };
  if (held === version) return { ...state, state: "accepted" };
  const refused = view.refused.find((one) => one.name === name && one.version === version);
  if (refused !== undefined) return { ...state, state: "refused", words: refused.words };
  const waiting = view.waiting.find((one) => one.name === name);
  if (waiting !== undefined) return { ...state, state: "waiting", waitsFor: waiting.on };
  return { ...state, state: asksFor(view, name) ? "pending" : "not asked for" };
}

function asksFor({ subscribed }: TypeView, name: string): boolean {
  return subscribed === "*" || subscribed.includes(name);
}

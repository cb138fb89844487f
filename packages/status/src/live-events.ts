import { clip, type EventText } from "./event-text.ts";
import type { LiveState, Missing } from "./liveness.ts";

/** Reason of the Event that says why an Ingress is not live; `sluice wait` looks for it. */
export const NOT_LIVE = "NotLive";

/** All nodes have accepted it. */
export function liveEvent({ generation, nodes, revision }: LiveState): EventText {
  const where = nodes === 1 ? "the only node" : `all ${nodes} nodes`;
  return {
    type: "Normal",
    reason: "Live",
    note: `Generation ${generation} (revision ${revision}) is live on ${where}.`,
  };
}

/** Some node has not. */
export function notLiveEvent(state: LiveState, missing: readonly Missing[]): EventText {
  const { generation, accepted, nodes, revision } = state;
  const head = `Generation ${generation} (revision ${revision}) is live on ${accepted} of ${nodes} nodes`;
  return { type: "Warning", reason: NOT_LIVE, note: clip(`${head}: ${whyNotLive(state, missing)}`) };
}

/** A sentence for a person: which nodes lack it, those that refused first, with Envoy's words. Cut to 1,024 bytes. */
export function whyNotLive({ nodes }: LiveState, missing: readonly Missing[]): string {
  if (nodes === 0) return "no node is connected.";
  const why = [...missing]
    .sort((a, b) => Number(b.words !== undefined) - Number(a.words !== undefined))
    .map(missingText)
    .join("; ");
  return clip(`${why}.`);
}

/** One node, and what it lacks. */
function missingText({ node, resource, words, replica, unknown }: Missing): string {
  const who = replica === undefined ? `node ${node}` : `node ${node} of replica ${replica}`;
  if (unknown !== undefined) return `${who}: ${unknown}`;
  if (words !== undefined)
    return `${who} refused ${resource === undefined ? "it" : resource}: ${words.replace(/\.+$/, "")}`;
  return `${who} has not accepted ${resource === undefined ? "it" : resource}`;
}

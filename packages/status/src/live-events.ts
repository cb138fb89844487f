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

/** Some node has not. Those that refused come first, with Envoy's words. */
export function notLiveEvent(
  { generation, accepted, nodes, revision }: LiveState,
  missing: readonly Missing[],
): EventText {
  const why = [...missing]
    .sort((a, b) => Number(b.words !== undefined) - Number(a.words !== undefined))
    .map(missingText)
    .join("; ");
  const head = `Generation ${generation} (revision ${revision}) is live on ${accepted} of ${nodes} nodes`;
  return {
    type: "Warning",
    reason: NOT_LIVE,
    note: clip(nodes === 0 ? `${head}: no node is connected.` : `${head}: ${why}.`),
  };
}

/** One node, and what it lacks. */
function missingText({ node, resource, words }: Missing): string {
  if (words !== undefined)
    return `node ${node} refused ${resource === undefined ? "it" : resource}: ${words.replace(/\.+$/, "")}`;
  return `node ${node} has not accepted ${resource === undefined ? "it" : resource}`;
}

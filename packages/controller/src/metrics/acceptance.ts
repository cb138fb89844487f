import type { Verdict } from "@sluice/ads";
import type { Resource } from "@sluice/model";

/** Takes the time from a change of a resource until nodes have accepted it. */
export interface AcceptanceClock {
  nodeConnected(node: string): void;
  nodeGone(node: string): void;
  /** A resource has a form that nodes should come to hold. */
  rendered(resource: Resource): void;
  /**
   * Milliseconds since the resource was rendered, the first time that a node accepts it; undefined when that says
   * nothing: the node was not connected then, or it accepts the same form once more.
   */
  accepted(verdict: Verdict): number | undefined;
}

/** `now` in milliseconds. Costs nothing for resources that are rendered while no node is connected. */
export function createAcceptanceClock(now: () => number): AcceptanceClock {
  /** Streams by node: in a hot restart one node has two. */
  const streams = new Map<string, number>();
  const started = new WeakMap<Resource, { readonly at: number; readonly waiting: Set<string> }>();
  return {
    nodeConnected: (node) => void streams.set(node, (streams.get(node) ?? 0) + 1),
    nodeGone(node) {
      const left = (streams.get(node) ?? 0) - 1;
      if (left > 0) streams.set(node, left);
      else streams.delete(node);
    },
    rendered(resource) {
      if (streams.size > 0) started.set(resource, { at: now(), waiting: new Set(streams.keys()) });
    },
    accepted({ node, resource }) {
      const start = started.get(resource);
      if (start === undefined || !start.waiting.delete(node)) return undefined;
      if (start.waiting.size === 0) started.delete(resource);
      return now() - start.at;
    },
  };
}

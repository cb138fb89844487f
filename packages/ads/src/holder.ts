import { keyOf, nameOf, typeOf } from "./keys.ts";
import type { NodeInfo } from "./node-info.ts";
import type { NodeSession } from "./node-session.ts";
import { TYPE_URLS } from "./type-urls.ts";
import type { World } from "./world.ts";

/** How a node stands to one resource. */
export type Standing =
  /** It holds what is wanted, be it that nothing is. */
  | { readonly kind: "held" }
  | { readonly kind: "pending" }
  /** It refused what is wanted when it was sent alone. */
  | { readonly kind: "refused"; readonly words: string };

/** One stream of a node, to ask what the node holds at the cost of what is asked. The same object as long as it lasts. */
export interface Holder {
  readonly info: NodeInfo;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  readonly world: World;
  /** By the key of a resource. */
  standing(key: string): Standing;
}

const HELD: Standing = { kind: "held" };
const PENDING: Standing = { kind: "pending" };

export function holderOf(info: NodeInfo, { state }: NodeSession): Holder {
  const { world, ledger } = state;
  const standing = (key: string): Standing => {
    const wanted = world.wanted(key);
    const held = ledger.held(key);
    if (held?.version === wanted?.version && !ledger.inFlight.has(key)) return HELD;
    const refusal = wanted && ledger.refusal(key, wanted.version);
    if (refusal !== undefined) return { kind: "refused", words: refusal.words };
    // A cluster that needs no load assignment: Envoy would have asked before it accepted the cluster.
    if (typeOf(key) === TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT && !state.wants(key))
      return standing(keyOf(TYPE_URLS.CLUSTER, nameOf(key)));
    return PENDING;
  };
  return { info, connectedAt: state.startedAt, world, standing };
}

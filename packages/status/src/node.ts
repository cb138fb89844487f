/** How a node stands to one resource. */
export type Standing =
  /** It holds what is wanted, be it that nothing is. */
  | { readonly kind: "held" }
  | { readonly kind: "pending" }
  /** It refused what is wanted. */
  | { readonly kind: "refused"; readonly words: string };

/** A connected Envoy: the same object for as long as its connection lasts. */
export interface LiveNode {
  /** Its node id. */
  readonly name: string;
  /** Nodes of one rendering are meant to hold the same resources. */
  readonly rendering: string;
  /** By the key of a resource. */
  standing(key: string): Standing;
}

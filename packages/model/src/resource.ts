import type { Origin } from "./origin.ts";

/** Names one xDS resource. */
export interface ResourceRef {
  readonly typeUrl: string;
  readonly name: string;
}

/**
 * One xDS resource, ready to send. Immutable: a change is a new value.
 * The version depends on the bytes alone, so equal configuration has an equal version on every replica.
 */
export interface Resource extends ResourceRef {
  /** The serialised message, without its Any. */
  readonly bytes: Uint8Array;
  /** Hash of `bytes`. */
  readonly version: string;
  /** The objects behind it, each once, sorted by key. */
  readonly origins: readonly Origin[];
  /**
   * Resources that must be accepted by a node before this one is sent to it, and that must not be
   * removed from it before an update that drops the reference is accepted.
   */
  readonly dependsOn: readonly ResourceRef[];
  /** True: of little urgency. It follows the others of its type, up to some seconds later, and never holds one up. */
  readonly background?: true;
  /** True: an update of it costs the node time for all that it shares a table with. What has a table of its own goes first. */
  readonly shared?: true;
}

/** What one change does to the set of resources; names absent from both lists are untouched. */
export interface ResourceChange {
  readonly set: readonly Resource[];
  readonly removed: readonly ResourceRef[];
}

/** `typeUrl` and name as one map key. */
export function resourceKey(ref: ResourceRef): string {
  return `${ref.typeUrl}\u0000${ref.name}`;
}

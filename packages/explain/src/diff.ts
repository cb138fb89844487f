import type { Certificate, Cluster, LoadAssignment, VirtualHost } from "@sluice/model";
import type { Change } from "./change.ts";
import { diffCertificates } from "./diff-certificates.ts";
import { diffClusters } from "./diff-clusters.ts";
import { diffHosts } from "./diff-hosts.ts";
import type { ShowPolicy } from "./policy-changes.ts";

/** A whole gateway model, by name. */
export interface GatewayModel {
  readonly virtualHosts: ReadonlyMap<string, VirtualHost>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly loadAssignments: ReadonlyMap<string, LoadAssignment>;
  readonly certificates: ReadonlyMap<string, Certificate>;
}

/** Plain data, in a stable order: hosts, clusters, certificates, each by name. */
export interface ModelDiff {
  readonly changes: readonly Change[];
}

export interface DiffOptions {
  /** What may be shown of a policy, as for explain. */
  readonly showPolicy?: ShowPolicy;
}

/**
 * What a client, or an operator, would notice between two models. Units that are one and the same value are skipped, so
 * that the cost of comparing neighbours in time follows the change.
 */
export function diff(before: GatewayModel, after: GatewayModel, options: DiffOptions = {}): ModelDiff {
  return {
    changes: [
      ...diffHosts(before.virtualHosts, after.virtualHosts, options.showPolicy),
      ...diffClusters(before, after, options.showPolicy),
      ...diffCertificates(before.certificates, after.certificates),
    ],
  };
}

export function isEmpty({ changes }: ModelDiff): boolean {
  return changes.length === 0;
}

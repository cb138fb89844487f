import type { Cluster, LoadAssignment, LoadAssignmentEndpoint } from "@sluice/model";
import type { Change, EndpointsChange } from "./change.ts";
import type { GatewayModel } from "./diff.ts";
import { changedEntries } from "./map-diff.ts";
import { policyChanges, type ShowPolicy } from "./policy-changes.ts";
import { endpointWords, targetWords } from "./words.ts";

/** Clusters that come and go, what changes on those that stay, and their endpoints. */
export function diffClusters(
  before: GatewayModel,
  after: GatewayModel,
  showPolicy: ShowPolicy | undefined,
): Change[] {
  const stays = (name: string): boolean => before.clusters.has(name) && after.clusters.has(name);
  const clusters = changedEntries(before.clusters, after.clusters).flatMap(
    ({ name, old, new: young }): Change[] => {
      if (old !== undefined && young !== undefined) return aspects(old, young, showPolicy);
      return [
        ...(old === undefined
          ? []
          : [wholeCluster("cluster-removed", old, before.loadAssignments.get(name))]),
        ...(young === undefined
          ? []
          : [wholeCluster("cluster-added", young, after.loadAssignments.get(name))]),
      ];
    },
  );
  const endpoints = changedEntries(before.loadAssignments, after.loadAssignments).flatMap(
    ({ name, old, new: young }) =>
      stays(name) ? endpointChanges(name, old?.endpoints ?? [], young?.endpoints ?? []) : [],
  );
  return [...clusters, ...endpoints];
}

function wholeCluster(
  kind: "cluster-added" | "cluster-removed",
  { name, target }: Cluster,
  assignment: LoadAssignment | undefined,
): Change {
  return { kind, cluster: name, target: targetWords(target), endpoints: assignment?.endpoints.length ?? 0 };
}

function aspects(old: Cluster, young: Cluster, showPolicy: ShowPolicy | undefined): Change[] {
  const changed = (aspect: "protocol" | "target", before: string, after: string): Change[] =>
    before === after ? [] : [{ kind: "cluster-changed", cluster: young.name, aspect, before, after }];
  return [
    ...changed("protocol", old.protocol, young.protocol),
    ...changed("target", targetWords(old.target), targetWords(young.target)),
    ...policyChanges(old.policies, young.policies, showPolicy).map(
      (change): Change => ({ kind: "policy", on: { cluster: young.name }, ...change }),
    ),
  ];
}

function endpointChanges(
  cluster: string,
  before: readonly LoadAssignmentEndpoint[],
  after: readonly LoadAssignmentEndpoint[],
): EndpointsChange[] {
  const old = new Map(before.map((endpoint) => [endpointWords(endpoint), endpoint]));
  const young = new Map(after.map((endpoint) => [endpointWords(endpoint), endpoint]));
  const kept = [...young].flatMap(([name, is]) => {
    const was = old.get(name);
    return was === undefined ? [] : [{ name, was, is }];
  });
  const turned = (health: "healthy" | "draining") =>
    kept.filter(({ was, is }) => was.health !== is.health && is.health === health).map(({ name }) => name);
  const change: EndpointsChange = {
    kind: "endpoints",
    cluster,
    added: [...young.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !young.has(name)),
    draining: turned("draining"),
    restored: turned("healthy"),
    moved: kept.filter(({ was, is }) => was.zone !== is.zone).map(({ name }) => name),
  };
  const { added, removed, draining, restored, moved } = change;
  return [added, removed, draining, restored, moved].some(({ length }) => length > 0) ? [change] : [];
}

import { type Audited, requestsOf } from "../kubernetes/audit.ts";
import type { KubeObject } from "./src/objects.ts";

/**
 * Verbs by what they are done on: keys such as `apps/deployments patch`, `/pods/log get`, or `/healthz get` for a path
 * that is no resource; values are the names of the objects, with `*` for any, or for a request that names none.
 */
export type Verbs = ReadonlyMap<string, ReadonlySet<string>>;

export interface AccountId {
  readonly name: string;
  readonly namespace: string;
}

/** What a ServiceAccount has done on a cluster with `audit: true`. What was forbidden to it does not count. */
export function usedVerbs(cluster: { readonly folder: string }, account: AccountId): Verbs {
  return verbsOf(requestsOf(cluster.folder, account.name, account.namespace));
}

/** As {@link usedVerbs}, of requests. */
export function verbsOf(requests: readonly Audited[]): Verbs {
  const verbs = new Map<string, Set<string>>();
  for (const { verb, requestURI, objectRef, responseStatus } of requests) {
    if (responseStatus?.code === 403) continue;
    const { apiGroup = "", resource, subresource, name = "*" } = objectRef ?? {};
    const target =
      resource === undefined ? (requestURI.split("?")[0] ?? "") : path(apiGroup, resource, subresource);
    add(verbs, `${target} ${verb}`, name);
  }
  return verbs;
}

interface Role extends KubeObject {
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly nonResourceURLs?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** What the Roles and ClusterRoles among some objects grant, whoever is bound to them. */
export function grantedVerbs(objects: readonly KubeObject[]): Verbs {
  const verbs = new Map<string, Set<string>>();
  for (const { rules = [] } of objects.filter(isRole)) {
    for (const {
      apiGroups = [],
      resources = [],
      resourceNames = ["*"],
      nonResourceURLs = [],
      ...rule
    } of rules) {
      const targets = apiGroups.flatMap((group) => resources.map((resource) => path(group, resource)));
      for (const target of [...targets, ...nonResourceURLs])
        for (const verb of rule.verbs)
          for (const name of resourceNames) add(verbs, `${target} ${verb}`, name);
    }
  }
  return verbs;
}

/**
 * The keys of a grant that nobody has used, and of uses that no grant covers by name. A `create` names no object, so
 * RBAC cannot limit it to names; a list or watch of one name counts as of that name.
 */
export function compareVerbs(
  used: Verbs,
  granted: Verbs,
): { readonly unused: readonly string[]; readonly ungranted: readonly string[] } {
  const covers = (key: string, name: string): boolean => {
    const names = granted.get(key);
    return names !== undefined && (names.has("*") || names.has(name) || key.endsWith(" create"));
  };
  return {
    unused: [...granted.keys()].filter((key) => !used.has(key)),
    ungranted: [...used]
      .filter(([key, names]) => ![...names].every((name) => covers(key, name)))
      .map(([key]) => key),
  };
}

function isRole(object: KubeObject): object is Role {
  return object.kind === "Role" || object.kind === "ClusterRole";
}

function path(group: string, resource: string, subresource?: string): string {
  return [group, resource, ...(subresource === undefined ? [] : [subresource])].join("/");
}

function add(verbs: Map<string, Set<string>>, key: string, name: string): void {
  const names = verbs.get(key) ?? new Set();
  names.add(name);
  verbs.set(key, names);
}

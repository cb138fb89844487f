import type { KubeObject } from "../cluster/src/objects.ts";
import { compareVerbs, grantedVerbs, usedVerbs } from "../cluster/verbs.ts";
import { requestsOf } from "../kubernetes/audit.ts";
import { NAMESPACE, objectsOf } from "./chart.ts";
import { deploymentOf } from "./rendered.ts";

/** How what a control plane did compares with what the chart lets it do. */
export interface Rights {
  /** Granted, and not used. */
  readonly unused: readonly string[];
  /** Done, and granted by something else than the chart's roles, if not by what all ServiceAccounts may. */
  readonly ungranted: readonly string[];
  /** Resources that something was forbidden on. */
  readonly forbidden: readonly string[];
}

/** The rights of the ServiceAccount of a manifest's control plane, on a cluster with `audit: true`. */
export function rightsOf(cluster: { readonly folder: string }, manifest: string): Rights {
  const objects = objectsOf(manifest);
  const name = deploymentOf(objects).spec.template.spec.serviceAccountName;
  const account = { name, namespace: NAMESPACE };
  const forbidden = requestsOf(cluster.folder, name, NAMESPACE)
    .filter(({ responseStatus }) => responseStatus?.code === 403)
    .map(({ objectRef, requestURI }) => objectRef?.resource ?? requestURI);
  // A manifest's objects have these fields and more.
  const granted = grantedVerbs(objects as readonly KubeObject[]);
  const compared = compareVerbs(usedVerbs(cluster, account), granted);
  return {
    ...compared,
    unused: compared.unused.filter((key) => !Object.hasOwn(UNUSED, key)),
    forbidden: [...new Set(forbidden)].sort(),
  };
}

/** Rights that no test of the chart uses, and why they are granted. */
const UNUSED: Readonly<Record<string, string>> = {
  "/pods get": "asked of a replica that has fallen silent",
};

const BY_APPLY =
  "the API server asks for it when a patch makes an object, and logs the patch alone: without it, nothing is made";
const BY_PREDECESSOR =
  "of an earlier MseIngressConfig of the same name, which the garbage collector has not taken yet";
const FLEET = {
  "/serviceaccounts": BY_PREDECESSOR,
  "/configmaps": BY_PREDECESSOR,
  "/services": "the one of a MseIngressConfig that asks for it no more",
  "/secrets": BY_PREDECESSOR,
  "apps/deployments": BY_PREDECESSOR,
  "policy/poddisruptionbudgets": BY_PREDECESSOR,
  "autoscaling/horizontalpodautoscalers": "the one of a MseIngressConfig that asks for it no more",
};

/** Rights of topology managed that no test of a few minutes uses, and why they are granted. */
export const UNUSED_MANAGED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(FLEET).map(([target, why]) => [`${target} delete`, why])),
  ...Object.fromEntries(Object.keys(FLEET).map((target) => [`${target} create`, BY_APPLY])),
  "/secrets update": "the authority of xDS is renewed after months",
};

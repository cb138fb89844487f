import type { Fleet, FleetSettings } from "../fleet.ts";
import { CONFIG_API_VERSION, CONFIG_KIND, objectLabels } from "./names.ts";

/** An object as it is applied: the fields that we decide about, and no others. */
export interface FleetObject {
  readonly apiVersion: string;
  readonly kind: FleetKind;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly object[];
  };
  readonly [field: string]: unknown;
}

/** The kinds that a fleet consists of, with the collection that holds them, in the order in which they are applied. */
export const FLEET_COLLECTIONS = {
  ServiceAccount: { apiVersion: "v1", root: "/api/v1", plural: "serviceaccounts" },
  ConfigMap: { apiVersion: "v1", root: "/api/v1", plural: "configmaps" },
  Secret: { apiVersion: "v1", root: "/api/v1", plural: "secrets" },
  PodDisruptionBudget: { apiVersion: "policy/v1", root: "/apis/policy/v1", plural: "poddisruptionbudgets" },
  Service: { apiVersion: "v1", root: "/api/v1", plural: "services" },
  Deployment: { apiVersion: "apps/v1", root: "/apis/apps/v1", plural: "deployments" },
  HorizontalPodAutoscaler: {
    apiVersion: "autoscaling/v2",
    root: "/apis/autoscaling/v2",
    plural: "horizontalpodautoscalers",
  },
} as const;

export type FleetKind = keyof typeof FLEET_COLLECTIONS;
// Of a literal with these keys.
export const FLEET_KINDS = Object.keys(FLEET_COLLECTIONS) as readonly FleetKind[];

/** The path of a kind's objects in a namespace. */
export function collectionPath(kind: FleetKind, namespace: string): string {
  const { root, plural } = FLEET_COLLECTIONS[kind];
  return `${root}/namespaces/${namespace}/${plural}`;
}

/**
 * An object with the name, the labels and the owner that all of a fleet have. The garbage collector deletes it after its
 * owner; `controller` keeps others from owning it too.
 */
export function fleetObject(
  fleet: Fleet,
  { namespace }: Pick<FleetSettings, "namespace">,
  kind: FleetKind,
  name: string,
  body: { readonly annotations?: Readonly<Record<string, string>>; readonly [field: string]: unknown },
): FleetObject {
  const { annotations, ...fields } = body;
  return {
    apiVersion: FLEET_COLLECTIONS[kind].apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      labels: objectLabels(fleet.definition.name),
      ...(annotations !== undefined && { annotations }),
      ownerReferences: [
        {
          apiVersion: CONFIG_API_VERSION,
          kind: CONFIG_KIND,
          name: fleet.owner.name,
          uid: fleet.owner.uid,
          controller: true,
          // A finalizer of ours would be needed to delete the owner; nobody should wait for it.
          blockOwnerDeletion: false,
        },
      ],
    },
    ...fields,
  };
}

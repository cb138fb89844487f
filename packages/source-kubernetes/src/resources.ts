import type { Kind } from "@sluice/model";

/** The kinds that are read from an API server. Endpoints are not: Kubernetes mirrors them into EndpointSlices. */
export type SourcedKind = Exclude<Kind, "Endpoints">;

interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Media type to ask for, if not the whole objects. */
  readonly accept?: string;
}

const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const RESOURCES: Readonly<Record<SourcedKind, Resource>> = {
  Ingress: { apiVersion: "networking.k8s.io/v1", plural: "ingresses", namespaced: true },
  IngressClass: { apiVersion: "networking.k8s.io/v1", plural: "ingressclasses", namespaced: false },
  Service: { apiVersion: "v1", plural: "services", namespaced: true },
  EndpointSlice: { apiVersion: "discovery.k8s.io/v1", plural: "endpointslices", namespaced: true },
  Pod: { apiVersion: "v1", plural: "pods", namespaced: true, accept: METADATA_LIST },
  Secret: { apiVersion: "v1", plural: "secrets", namespaced: true },
  ConfigMap: { apiVersion: "v1", plural: "configmaps", namespaced: true },
  Namespace: { apiVersion: "v1", plural: "namespaces", namespaced: false },
  MseIngressConfig: {
    apiVersion: "mse.alibabacloud.com/v1alpha1",
    plural: "mseingressconfigs",
    namespaced: false,
  },
};

/** Objects of a kind that are followed together. */
export interface Collection {
  readonly kind: SourcedKind;
  readonly apiVersion: string;
  /** For people: `Ingress`, or `Pod in shop`. */
  readonly name: string;
  /** The one that it is limited to; absent: it is not. */
  readonly namespace?: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly accept?: string;
}

export interface CollectionOptions {
  /** Absent: all. Of no meaning for kinds without namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/** All objects of a kind, or those of one namespace or with some labels. */
export function collectionOf(
  kind: SourcedKind,
  { namespace, labelSelector }: CollectionOptions = {},
): Collection {
  const { apiVersion, plural, namespaced, accept } = RESOURCES[kind];
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return {
    kind,
    apiVersion,
    name: within === "" ? kind : `${kind} in ${namespace}`,
    ...(within === "" || namespace === undefined ? {} : { namespace }),
    path: `${root}${within}/${plural}`,
    query: labelSelector === undefined ? {} : { labelSelector },
    ...(accept === undefined ? {} : { accept }),
  };
}

/** One object by its name, as a collection of at most one; `objectPath` is its own. */
export interface SingleObject extends Collection {
  readonly objectPath: string;
}

/** A single object. Its watch names it, so that a role may be limited to names. */
export function singleObject(kind: SourcedKind, namespace: string, name: string): SingleObject {
  const collection = collectionOf(kind, { namespace });
  return {
    ...collection,
    name: `${kind} ${namespace}/${name}`,
    query: { fieldSelector: `metadata.name=${name}` },
    objectPath: `${collection.path}/${encodeURIComponent(name)}`,
  };
}

export function isNamespaced(kind: SourcedKind): boolean {
  return RESOURCES[kind].namespaced;
}

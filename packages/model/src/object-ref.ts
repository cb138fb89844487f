/** The kinds of Kubernetes objects that Sluice reads. */
export const KINDS = [
  "Ingress",
  "IngressClass",
  "Service",
  "EndpointSlice",
  "Endpoints",
  "Pod",
  "Secret",
  "ConfigMap",
  "Namespace",
  "MseIngressConfig",
] as const;

export type Kind = (typeof KINDS)[number];

/** Kinds without a namespace; their references carry `namespace: ""`. */
export const CLUSTER_SCOPED: ReadonlySet<Kind> = new Set(["IngressClass", "Namespace", "MseIngressConfig"]);

/** Names one object. `namespace` is `""` for cluster-scoped kinds. */
export interface ObjectRef {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** `Kind/namespace/name`, the key of an object in the store and in every report. */
export type ObjectKey = `${Kind}/${string}/${string}`;

/** The key of a reference. Two references to one object have equal keys. */
export function objectKey(ref: ObjectRef): ObjectKey {
  return `${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** The reference behind a key made by {@link objectKey}. Names and namespaces hold no slash in Kubernetes. */
export function parseObjectKey(key: ObjectKey): ObjectRef {
  const [kind, namespace = "", name = ""] = key.split("/");
  // The type of the key guarantees its first part.
  return { kind: kind as Kind, namespace, name };
}

/** `namespace/name`, or the bare name of a cluster-scoped object: the form people read. */
export function displayName(ref: ObjectRef): string {
  return ref.namespace === "" ? ref.name : `${ref.namespace}/${ref.name}`;
}

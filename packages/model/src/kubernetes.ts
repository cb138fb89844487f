import type { Kind } from "./object-ref.ts";
import type { SourceLocation } from "./origin.ts";

/** The metadata that Sluice reads, narrowed. Every source fills it in alike. */
export interface ObjectMeta {
  /** `""` for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch. Absent counts as older than nothing: such objects are the youngest. */
  readonly creationTimestamp?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generation?: number;
  /**
   * Of an Ingress from an API server: tells its forms apart, since `generation` stays when annotations change. It follows
   * from the rest, so nothing translated reads it.
   */
  readonly revision?: string;
}

interface Base<K extends Kind> {
  readonly kind: K;
  readonly metadata: ObjectMeta;
  /** Where the object starts, if a file holds it. */
  readonly location?: SourceLocation;
}

/** A port by number or by name, as `spec.rules[].http.paths[].backend.service.port` has it. */
export type ServicePortRef = { readonly number: number } | { readonly name: string };

export interface IngressBackend {
  /** Absent when the backend is a `resource`, which no class of ours serves. */
  readonly service?: { readonly name: string; readonly port: ServicePortRef };
}

export type PathType = "Exact" | "Prefix" | "ImplementationSpecific";

export interface IngressPath {
  /** `""` when the field is absent. Not checked: any text a user may write. */
  readonly path: string;
  readonly pathType: PathType;
  readonly backend: IngressBackend;
}

export interface IngressRule {
  /** `""` for a rule without a host. Not checked, not lower-cased. */
  readonly host: string;
  readonly paths: readonly IngressPath[];
}

export interface IngressTls {
  readonly hosts: readonly string[];
  readonly secretName?: string;
}

export interface Ingress extends Base<"Ingress"> {
  readonly spec: {
    readonly ingressClassName?: string;
    readonly defaultBackend?: IngressBackend;
    readonly rules: readonly IngressRule[];
    readonly tls: readonly IngressTls[];
  };
}

export interface IngressClass extends Base<"IngressClass"> {
  readonly spec: {
    readonly controller: string;
    readonly parameters?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
  };
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  /** Number, or the name of a container port. Equal to `port` when the manifest has none. */
  readonly targetPort: number | string;
  readonly protocol: string;
  readonly appProtocol?: string;
}

export interface Service extends Base<"Service"> {
  readonly spec: {
    readonly type: string;
    /** `"None"` for a headless Service. */
    readonly clusterIP?: string;
    readonly externalName?: string;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly ServicePort[];
  };
}

export interface EndpointConditions {
  /** Absent in the manifest means true, as Kubernetes documents. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

export interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: EndpointConditions;
  readonly nodeName?: string;
  readonly zone?: string;
  /** The pod behind the endpoint, in the slice's namespace. */
  readonly podName?: string;
}

export interface EndpointPort {
  readonly name?: string;
  readonly port?: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

export interface EndpointSlice extends Base<"EndpointSlice"> {
  /** From the label `kubernetes.io/service-name`; `""` when the slice belongs to no Service. */
  readonly serviceName: string;
  readonly addressType: string;
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly EndpointPort[];
}

/** The older form: one object per Service, of the same name. Used only for Services that have no EndpointSlice. */
export interface Endpoints extends Base<"Endpoints"> {
  readonly subsets: readonly {
    readonly addresses: readonly EndpointAddress[];
    readonly notReadyAddresses: readonly EndpointAddress[];
    readonly ports: readonly EndpointPort[];
  }[];
}

export interface EndpointAddress {
  readonly ip: string;
  readonly nodeName?: string;
  readonly podName?: string;
}

/** Only labels and, where a source has it, the address: pods are read to tell subsets apart. */
export interface Pod extends Base<"Pod"> {
  readonly podIPs: readonly string[];
}

export interface Secret extends Base<"Secret"> {
  readonly type: string;
  /** Decoded bytes. Never printed. */
  readonly data: Readonly<Record<string, Uint8Array>>;
}

export interface ConfigMap extends Base<"ConfigMap"> {
  readonly data: Readonly<Record<string, string>>;
}

export interface Namespace extends Base<"Namespace"> {}

/** The fields are read by the part that owns gateways; kept as plain JSON here. */
export interface MseIngressConfig extends Base<"MseIngressConfig"> {
  readonly spec: Readonly<Record<string, unknown>>;
  /** `status.lastGood`: the spec, part by part, as it was when that part was last good, as we have written it ourselves. */
  readonly lastGood?: Readonly<Record<string, unknown>>;
}

export type KubeObject =
  | Ingress
  | IngressClass
  | Service
  | EndpointSlice
  | Endpoints
  | Pod
  | Secret
  | ConfigMap
  | Namespace
  | MseIngressConfig;

/** The object type of a kind. */
export type ObjectOf<K extends Kind> = Extract<KubeObject, { readonly kind: K }>;

import type { EndpointSlice, KubeObject } from "../../src/objects.ts";

/** The fields of a Service that the node's network reads. */
export interface Service extends KubeObject {
  readonly spec: {
    readonly type?: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly externalName?: string;
    readonly externalTrafficPolicy?: "Cluster" | "Local";
    readonly loadBalancerClass?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly ports?: readonly ServicePort[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
  };
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
}

/** Services and EndpointSlices as they are now. */
export interface ServiceState {
  readonly services: ReadonlyMap<string, Service>;
  readonly slices: ReadonlyMap<string, EndpointSlice>;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

const SERVICE_NAME = "kubernetes.io/service-name";

/** EndpointSlices by `namespace/name` of their Service. */
export function slicesByService(slices: Iterable<EndpointSlice>): ReadonlyMap<string, EndpointSlice[]> {
  const all = [...slices].filter(({ addressType }) => addressType === "IPv4");
  return Map.groupBy(all, ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME]}`);
}

/**
 * Where connections to a port of a Service go: its ready endpoints, or those that still serve while they end when there
 * are no others, as kube-proxy has it.
 */
export function targetsOf(slices: readonly EndpointSlice[], port: ServicePort): readonly Target[] {
  const choose = (holds: (conditions: Conditions) => boolean): Target[] =>
    slices.flatMap(({ endpoints, ports }) => {
      // The API server says null for an empty list.
      const found = (ports ?? []).find(({ name = "" }) => name === (port.name ?? ""))?.port;
      if (found === undefined) return [];
      return (endpoints ?? [])
        .filter(({ conditions }) => holds(conditions))
        .flatMap(({ addresses }) => addresses.map((host) => ({ host, port: found })));
    });
  const ready = choose((conditions) => conditions.ready !== false);
  return ready.length > 0
    ? ready
    : choose(({ serving, terminating }) => serving === true && terminating === true);
}

type Conditions = NonNullable<EndpointSlice["endpoints"]>[number]["conditions"];

/** The address of a Service in the cluster; undefined for a headless one or an ExternalName. */
export function clusterAddress({ spec: { clusterIP } }: Service): string | undefined {
  return clusterIP === undefined || clusterIP === "" || clusterIP === "None" ? undefined : clusterIP;
}

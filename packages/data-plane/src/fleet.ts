import type { GatewayDefinition } from "@sluice/model";

/** What a gateway asks of its Envoys. `DataPlane` of mse-ingress-config is one. */
export interface FleetNeeds {
  /** How many Envoys, unless an autoscaler decides. */
  readonly replicas: number;
  /** Of one Envoy: whole CPUs, and memory as a quantity of Kubernetes in `Gi`. */
  readonly resources: { readonly cpu: string; readonly memory: string };
  /** At most one of a kind. */
  readonly loadBalancers: readonly {
    readonly kind: "public" | "private";
    readonly annotations: Readonly<Record<string, string>>;
  }[];
  /** Set: the gateway is somebody else's, and nothing is created, changed or deleted for it. */
  readonly reusedId?: string;
}

/** How many Envoys an autoscaler may keep. */
export interface AutoscalerRange {
  readonly min: number;
  readonly max: number;
}

/** Everything that the objects of a fleet follow from, but for its certificate. */
export interface Fleet {
  readonly definition: GatewayDefinition;
  readonly needs: FleetNeeds;
  readonly autoscaler?: AutoscalerRange;
  /** The MseIngressConfig. */
  readonly owner: { readonly name: string; readonly uid: string };
}

/** What the operator of the controller decides for all fleets. */
export interface FleetSettings {
  /** Where the objects are: the controller's own namespace. */
  readonly namespace: string;
  /** An image with Envoy and bash, whose entry point is Envoy's. */
  readonly image: string;
  /** `HOST:PORT` of the control plane as Envoys reach it. */
  readonly xdsAddress: string;
  /** The DNS name that its certificate has. */
  readonly xdsServerName: string;
  /** Seconds of a drain in which load balancers learn of it, whatever else. */
  readonly settleSeconds: number;
  /** Pods of this class are evicted later. Absent: the cluster's default. */
  readonly priorityClassName?: string;
}

/** What the Envoys of a fleet show to the control plane, and what they check it against, in PEM. */
export interface FleetCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly bundle: string;
}

import type { MseIngressConfig } from "@sluice/model";
import { isBad } from "./field-state.ts";
import { readSpec } from "./read-spec.ts";
import { type MseIngressConfigSpec, SPEC_DEFAULTS } from "./schema.ts";

/** CPU and memory of one Envoy, as quantities of Kubernetes. */
export interface InstanceResources {
  readonly cpu: string;
  readonly memory: string;
}

/** One Service of type LoadBalancer. */
export interface LoadBalancer {
  readonly kind: "public" | "private";
  /** For the cloud controller manager of Alibaba Cloud; without meaning elsewhere. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a MseIngressConfig asks of its data plane. */
export interface DataPlane {
  /** `spec.name`, for people; names of objects come from the resource's own name. */
  readonly displayName: string;
  /** Set: the gateway exists; nothing is made for it and nothing deleted. */
  readonly reusedId?: string;
  readonly payType: "POSTPAY";
  /** 0 to 30. */
  readonly replicas: number;
  readonly instanceSpec: keyof typeof INSTANCE_RESOURCES;
  readonly resources: InstanceResources;
  readonly securityGroupType: "normal" | "enterprise";
  /** At least one; the public one first. */
  readonly loadBalancers: readonly LoadBalancer[];
}

export const INSTANCE_RESOURCES = {
  "2c4g": { cpu: "2", memory: "4Gi" },
  "4c8g": { cpu: "4", memory: "8Gi" },
  "8c16g": { cpu: "8", memory: "16Gi" },
  "16c32g": { cpu: "16", memory: "32Gi" },
} as const satisfies Record<string, InstanceResources>;

/**
 * What the fields under `spec.common` ask for. A bad field keeps its value of `previous`, the last result for this resource, or else its
 * default; `undefined` if it cannot be told which gateway is meant. `gatewayDefinition` has the diagnostics.
 */
export function dataPlane(config: MseIngressConfig, previous?: DataPlane): DataPlane | undefined {
  const read = readSpec(config);
  if (isBad(read, "id")) return previous;
  const { id, name, common } = read.spec;
  const good = <T>(field: string, value: T | undefined, last: T | undefined, whenAbsent: T): T =>
    isBad(read, field) ? (last ?? whenAbsent) : (value ?? whenAbsent);
  const instanceSpec = good(
    "common.instance.spec",
    common?.instance?.spec,
    previous?.instanceSpec,
    SPEC_DEFAULTS.instanceSpec,
  );
  const isNetworkBad = ["vSwitches", "publicSLBSpec", "privateSLBSpec"].some((field) =>
    isBad(read, `common.network.${field}`),
  );
  return {
    displayName: good("name", name, previous?.displayName, SPEC_DEFAULTS.name),
    ...(id !== undefined && { reusedId: id }),
    payType: SPEC_DEFAULTS.payType,
    replicas: good(
      "common.instance.replicas",
      common?.instance?.replicas,
      previous?.replicas,
      SPEC_DEFAULTS.replicas,
    ),
    instanceSpec,
    resources: INSTANCE_RESOURCES[instanceSpec],
    securityGroupType: good(
      "common.securityGroupType",
      common?.securityGroupType,
      previous?.securityGroupType,
      SPEC_DEFAULTS.securityGroupType,
    ),
    // As a whole: a load balancer that changes because of half a change can lose its address.
    loadBalancers:
      isNetworkBad && previous !== undefined ? previous.loadBalancers : loadBalancers(common?.network),
  };
}

type Network = NonNullable<NonNullable<MseIngressConfigSpec["common"]>["network"]>;

/**
 * A load balancer for each size that is named; a public one if none is, since that is what a Service gets there too.
 * Source of the annotations: "Configure a Classic Load Balancer by using annotations", Container Service for
 * Kubernetes, Alibaba Cloud.
 */
function loadBalancers(network: Network | undefined): readonly LoadBalancer[] {
  const { publicSLBSpec, privateSLBSpec, vSwitches = [] } = network ?? {};
  const made: LoadBalancer[] = [];
  const primary = vSwitches[0];
  if (publicSLBSpec !== undefined || privateSLBSpec === undefined)
    made.push({
      kind: "public",
      annotations: cloud({
        "address-type": network === undefined ? undefined : "internet",
        spec: publicSLBSpec,
      }),
    });
  if (privateSLBSpec !== undefined)
    made.push({
      kind: "private",
      annotations: cloud({ "address-type": "intranet", spec: privateSLBSpec, "vswitch-id": primary }),
    });
  return made;
}

function cloud(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[`service.beta.kubernetes.io/alibaba-cloud-loadbalancer-${name}`, value]],
    ),
  );
}

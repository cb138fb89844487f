import { createHash } from "node:crypto";

/** Who owns the fields that we set. */
export const FIELD_MANAGER = "sluice";
/** The label with the name of the gateway. */
export const GATEWAY_LABEL = "sluice.dev/gateway";
export const MANAGED_BY = { "app.kubernetes.io/managed-by": "sluice" } as const;

export const CONFIG_API_VERSION = "mse.alibabacloud.com/v1alpha1";
export const CONFIG_KIND = "MseIngressConfig";

/** What a Service's name and a label may have, RFC 1123, less `sluice-` before it and `-private` behind it. */
const MAX_LENGTH = 63 - "sluice-".length - "-private".length;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** `sluice-controller` is the control plane's; what ends like this is the private Service of another gateway. */
const TAKEN = /^controller$|-private$/;
const HASH_LENGTH = 10;

/**
 * The gateway as names of objects and labels have it: its own name where that can be, and else the beginning of it with a
 * hash, since the name of a cluster-scoped resource may have dots and 253 characters.
 */
export function gatewayLabel(gateway: string): string {
  if (gateway.length <= MAX_LENGTH && LABEL.test(gateway) && !TAKEN.test(gateway)) return gateway;
  const hash = createHash("sha256").update(gateway).digest("hex").slice(0, HASH_LENGTH);
  const start = gateway.replaceAll(".", "-").slice(0, MAX_LENGTH - HASH_LENGTH - 1);
  return `${start.replace(/-+$/, "")}-${hash}`;
}

/** The name that most objects of a gateway have. */
export function fleetName(gateway: string): string {
  return `sluice-${gatewayLabel(gateway)}`;
}

/** The Service of a gateway for public or for private clients. */
export function serviceName(gateway: string, kind: "public" | "private"): string {
  return kind === "public" ? fleetName(gateway) : `${fleetName(gateway)}-private`;
}

export function certificateName(gateway: string): string {
  return `${fleetName(gateway)}-xds`;
}

/** What finds the Envoys of a gateway. A Deployment's selector cannot be changed, so nothing may be added. */
export function podLabels(gateway: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": "envoy", [GATEWAY_LABEL]: gatewayLabel(gateway) };
}

export function objectLabels(gateway: string): Readonly<Record<string, string>> {
  return { ...podLabels(gateway), ...MANAGED_BY };
}

/** Who owns the fields that we set. */
export const FIELD_MANAGER = "sluice";
/** The label with the name of the gateway. */
export const GATEWAY_LABEL = "sluice.dev/gateway";
export const MANAGED_BY = { "app.kubernetes.io/managed-by": "sluice" } as const;

export const CONFIG_API_VERSION = "mse.alibabacloud.com/v1alpha1";
export const CONFIG_KIND = "MseIngressConfig";

/** The name that most objects of a gateway have. */
export function fleetName(gateway: string): string {
  return `sluice-${gateway}`;
}

export function certificateName(gateway: string): string {
  return `${fleetName(gateway)}-xds`;
}

/** What finds the Envoys of a gateway. A Deployment's selector cannot be changed, so nothing may be added. */
export function podLabels(gateway: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": "envoy", [GATEWAY_LABEL]: gateway };
}

export function objectLabels(gateway: string): Readonly<Record<string, string>> {
  return { ...podLabels(gateway), ...MANAGED_BY };
}

// Not the whole package, which loads the Kubernetes client.
import { serviceName } from "@sluice/data-plane/names";
import type { MseIngressConfig } from "@sluice/model";
import { dataPlane } from "@sluice/mse-ingress-config";

const found = new WeakMap<MseIngressConfig, string>();

/** The Service of a gateway that is published: the public one, or the private one where there is no other. */
export function fleetService(config: MseIngressConfig | undefined, gateway: string): string {
  if (config === undefined) return serviceName(gateway, "public");
  // Asked for each Ingress.
  const known = found.get(config);
  if (known !== undefined) return known;
  const before = config.lastGood && dataPlane({ ...config, spec: config.lastGood });
  const name = serviceName(gateway, dataPlane(config, before)?.loadBalancers[0]?.kind ?? "public");
  found.set(config, name);
  return name;
}

import type { KubeApi } from "../../src/kube-api.ts";
import { persist } from "../persist.ts";
import type { Service } from "./service-objects.ts";

/** First three numbers of the addresses that LoadBalancer Services get. */
export const LOAD_BALANCER_SUBNET = "10.244.250";

/**
 * What a cloud's controller does: gives each Service of type LoadBalancer an address in its status, and takes it back
 * when the type changes. Services with a `loadBalancerClass` are somebody else's.
 */
export function createLoadBalancer(
  api: KubeApi,
  signal: AbortSignal,
): (services: ReadonlyMap<string, Service>) => void {
  const given = new Map<string, string>();

  const write = (service: Service, ingress: readonly { ip: string }[]): void => {
    const { namespace, name, uid } = service.metadata;
    const body = { metadata: { uid }, status: { loadBalancer: { ingress } } };
    const path = `/api/v1/namespaces/${namespace}/services/${name}/status`;
    const patch = { body, contentType: "application/merge-patch+json", signal };
    void persist(() => api.send("PATCH", path, patch), signal);
  };
  return (services) => {
    for (const key of given.keys()) if (!services.has(key)) given.delete(key);
    for (const [key, service] of services) {
      const [now] = service.status?.loadBalancer?.ingress ?? [];
      if (service.spec.type !== "LoadBalancer" || service.spec.loadBalancerClass !== undefined) {
        if (given.delete(key)) write(service, []);
        continue;
      }
      const known = given.get(key);
      const ip = known ?? now?.ip ?? freeAddress(given.values());
      given.set(key, ip);
      if (known === undefined && now?.ip !== ip) write(service, [{ ip }]);
    }
  };
}

function freeAddress(taken: Iterable<string>): string {
  const all = new Set(taken);
  for (let last = 1; last < 255; last++) {
    const address = `${LOAD_BALANCER_SUBNET}.${last}`;
    if (!all.has(address)) return address;
  }
  throw new Error(`all addresses of ${LOAD_BALANCER_SUBNET} are taken`);
}

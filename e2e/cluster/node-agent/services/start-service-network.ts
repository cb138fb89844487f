import type { KubeApi } from "../../src/kube-api.ts";
import type { EndpointSlice, KubeObject } from "../../src/objects.ts";
import { reflect } from "../../src/reflect.ts";
import { startClusterDns } from "./cluster-dns.ts";
import { createLoadBalancer } from "./load-balancer.ts";
import type { Service, ServiceState } from "./service-objects.ts";
import { createServiceProxy } from "./service-proxy.ts";

/** The address of the cluster's DNS, among those that the API server gives to no Service that asks for none. */
export const DNS_ADDRESS = "10.96.0.10";

/** Changes that come together, such as a roll's, are taken in together; no client can tell the difference. */
const GATHER_MS = 10;

/** Services of the cluster: their addresses, load balancers and names, until {@link ServiceNetwork.stop}. */
export interface ServiceNetwork {
  stop(): Promise<void>;
}

/** Resolves when all Services that there are can be reached and resolved. */
export async function startServiceNetwork(api: KubeApi): Promise<ServiceNetwork> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const state: { services: ServiceState["services"]; slices: ServiceState["slices"] } = {
    services: new Map(),
    slices: new Map(),
  };
  const proxy = createServiceProxy();
  const balance = createLoadBalancer(api, signal);
  let timer: NodeJS.Timeout | undefined;
  const apply = (): void => {
    timer = undefined;
    balance(state.services);
    proxy.update(state);
  };
  const changed = (): void => {
    timer ??= setTimeout(apply, GATHER_MS);
  };
  const follow = <T extends KubeObject>(path: string, take: (all: ReadonlyMap<string, T>) => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (async () => {
      for await (const all of reflect<T>(api, path, signal)) {
        take(all);
        changed();
        resolve();
      }
    })();
    return { first: promise, done };
  };
  const loops = [
    follow<Service>("/api/v1/services", (all) => {
      state.services = all;
    }),
    follow<EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices", (all) => {
      state.slices = all;
    }),
  ];
  await Promise.all(loops.map(({ first }) => first));
  const dns = await startClusterDns(DNS_ADDRESS, () => state);
  apply();
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await Promise.all(loops.map(({ done }) => done));
      proxy.close();
      await dns.close();
    },
  };
}

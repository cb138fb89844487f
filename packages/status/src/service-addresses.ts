import { ApiError, type Clock, isStatus, type KubeApi } from "@sluice/kubernetes-api";
import type { RawObject } from "@sluice/kubernetes-objects";
import { openWatch, persist } from "@sluice/source-kubernetes";
import { z } from "zod";
import type { PublishedAddress } from "./facts.ts";
import { LoadBalancerHolder } from "./load-balancer-status.ts";

export interface ServiceAddressesOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly namespace: string;
  readonly name: string;
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

/** Where a Service can be reached, followed by a watch on this one object. */
export interface ServiceAddresses {
  /** Undefined: it is not known, as long as the Service has not been seen. Empty: it has no address yet. */
  current(): readonly PublishedAddress[] | undefined;
  close(): Promise<void>;
}

const BACKOFF = { firstMs: 500, maxMs: 30_000 };

export function followServiceAddresses(options: ServiceAddressesOptions): ServiceAddresses {
  const { api, clock, random, namespace, name } = options;
  const end = new AbortController();
  const { signal } = end;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services`;
  const query = { fieldSelector: `metadata.name=${name}` };
  let version: string | undefined;
  let addresses: readonly PublishedAddress[] | undefined;

  const watch = async () => {
    let outcome: "progress" | "nothing" = "nothing";
    try {
      for await (const event of await openWatch(api, { path, query, signal }, version, random)) {
        version = event.version;
        outcome = "progress";
        // A Service that is deleted takes nothing back: it is likely to be made anew.
        if (event.type !== "set") continue;
        addresses = serviceAddresses(event.object);
        options.onChange();
      }
    } catch (error) {
      if (!isStatus(error, 410) || !(error instanceof ApiError)) throw error;
      version = undefined;
    }
    return outcome;
  };
  const following = persist(watch, {
    clock,
    random,
    backoff: BACKOFF,
    signal,
    wake: () => signal,
    onError: options.onError,
  });
  return {
    current: () => addresses,
    async close() {
      end.abort();
      await following;
    },
  };
}

const Service = z.object({
  spec: z
    .object({
      type: z.string().catch("ClusterIP"),
      clusterIP: z.string().catch(""),
      externalName: z.string().catch(""),
      externalIPs: z.array(z.string()).nullish().catch(undefined),
    })
    .catch({ type: "ClusterIP", clusterIP: "", externalName: "" }),
  status: LoadBalancerHolder,
});

/**
 * The addresses of a Service by its type: those of its load balancer with its external IPs, the name of an ExternalName, or
 * else external IPs or the cluster IP, as ingress-nginx publishes them.
 */
export function serviceAddresses(raw: RawObject): readonly PublishedAddress[] {
  const { spec, status } = Service.parse(raw);
  const external = (spec.externalIPs ?? []).map((ip) => ({ ip }));
  switch (spec.type) {
    case "LoadBalancer":
      return [
        ...(status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ({
          ...(ip ? { ip } : {}),
          ...(hostname ? { hostname } : {}),
        })),
        ...external,
      ];
    case "ExternalName":
      return spec.externalName === "" ? [] : [{ hostname: spec.externalName }];
    default:
      if (external.length > 0) return external;
      return spec.clusterIP === "" || spec.clusterIP === "None" ? [] : [{ ip: spec.clusterIP }];
  }
}

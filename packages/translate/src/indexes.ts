import type { Ingress } from "@sluice/model";
import { defineIndex } from "@sluice/store";
import { ANY_HOST, normalizeHost } from "./host-name.ts";
import { tlsHosts } from "./tls-hosts.ts";

/** Hosts of rules → Ingresses, of whatever class. `*` stands for rules without a host. */
export const INGRESSES_BY_HOST = defineIndex("ingresses-by-host", "Ingress", hostsOf);

/** The hosts that an Ingress has rules for. */
export function hostsOf(ingress: Ingress): string[] {
  const hosts = new Set(ingress.spec.rules.map((rule) => normalizeHost(rule.host)));
  if (ingress.spec.defaultBackend !== undefined && ingress.spec.rules.length === 0) hosts.add(ANY_HOST);
  return [...hosts].filter((host) => host !== undefined);
}

/** Hosts named in `spec.tls` → Ingresses, of whatever class. */
export const INGRESSES_BY_TLS_HOST = defineIndex("ingresses-by-tls-host", "Ingress", (ingress) => [
  ...tlsHosts(ingress).keys(),
]);

/** `namespace/service` → its EndpointSlices. */
export const SLICES_BY_SERVICE = defineIndex("slices-by-service", "EndpointSlice", (slice) =>
  slice.serviceName === "" ? [] : [`${slice.metadata.namespace}/${slice.serviceName}`],
);

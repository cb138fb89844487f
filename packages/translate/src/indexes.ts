import {
  type Feature,
  keyNames,
  parseFeature,
  type References,
  resolveAnnotations,
} from "@sluice/feature-api";
import type { Ingress, ObjectRef } from "@sluice/model";
import { defineIndex, type IndexDefinition } from "@sluice/store";
import { ANY_HOST, normalizeHost } from "./host-name.ts";
import { tlsHosts } from "./tls-hosts.ts";

const byFeatures = new WeakMap<readonly Feature[], IndexDefinition<"Ingress">>();

/**
 * Hosts → Ingresses, of whatever class, that have rules for them or whose annotations ask for them. `*` stands for rules
 * without a host. One index per list of features.
 */
export function ingressesByHost(features: readonly Feature[]): IndexDefinition<"Ingress"> {
  const known = byFeatures.get(features);
  if (known !== undefined) return known;
  const asking = features.filter(({ otherHosts }) => otherHosts !== undefined);
  const made = defineIndex("ingresses-by-host", "Ingress", (ingress) => {
    const hosts = hostsOf(ingress);
    return [...new Set([...hosts, ...askedHosts(ingress, hosts, asking)])];
  });
  byFeatures.set(features, made);
  return made;
}

/** The hosts that an Ingress's own annotations ask for. Where Ingresses share a host, another one may decide. */
function askedHosts(ingress: Ingress, hosts: readonly string[], features: readonly Feature[]): string[] {
  const names = Object.keys(ingress.metadata.annotations);
  const asked = features.filter(({ keys }) =>
    Object.keys(keys).some((key) => names.some((name) => name.endsWith(`/${key}`))),
  );
  if (asked.length === 0) return [];
  const { namespace, name } = ingress.metadata;
  const object: ObjectRef = { kind: "Ingress", namespace, name };
  const { set } = resolveAnnotations(object, ingress.metadata.annotations, undefined, keyNames(features));
  return asked.flatMap((feature) => {
    const { policy } = parseFeature(feature, set, object, NO_REFERENCES);
    if (policy === undefined) return [];
    return hosts.flatMap((host) => (feature.otherHosts?.(policy, host) ?? []).map((other) => other.host));
  });
}

/** What hosts are asked for does not depend on other objects. */
const NO_REFERENCES: References = {
  configMap: () => ({}),
  secret: () => ({}),
  certificate: () => ({}),
  authority: () => ({}),
  service: () => undefined,
  instances: () => 1,
  hasReadyEndpoint: () => false,
};

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

import { resourceKey } from "@sluice/model";
import { TYPE_URLS } from "./type-urls.ts";

/** The type URL in a key made by `resourceKey`. */
export function typeOf(key: string): string {
  return key.slice(0, key.indexOf("\u0000"));
}

/** The resource name in a key made by `resourceKey`. */
export function nameOf(key: string): string {
  return key.slice(key.indexOf("\u0000") + 1);
}

/** Key of a resource. */
export function keyOf(typeUrl: string, name: string): string {
  return resourceKey({ typeUrl, name });
}

/**
 * Key of the RouteConfiguration that a virtual host `ROUTECONFIG/HOST` belongs to.
 * Envoy takes all before the last slash for the namespace (`WatchMap`, `namespaceFromName`).
 */
export function routeConfigurationOf(virtualHostName: string): string {
  return keyOf(
    TYPE_URLS.ROUTE_CONFIGURATION,
    virtualHostName.slice(0, Math.max(0, virtualHostName.lastIndexOf("/"))),
  );
}

/**
 * Key of the load assignment of a cluster: Envoy asks for it by the cluster's name, unless the cluster
 * gives another `service_name`, which our clusters never do.
 */
export function loadAssignmentOf(clusterName: string): string {
  return keyOf(TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, clusterName);
}

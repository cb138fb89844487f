import { type MessageName, typeUrl } from "./registry.ts";

/** Type URLs of the xDS resource types. */
export const TYPE_URLS = {
  LISTENER: typeUrl("envoy.config.listener.v3.Listener"),
  ROUTE_CONFIGURATION: typeUrl("envoy.config.route.v3.RouteConfiguration"),
  SCOPED_ROUTE: typeUrl("envoy.config.route.v3.ScopedRouteConfiguration"),
  VIRTUAL_HOST: typeUrl("envoy.config.route.v3.VirtualHost"),
  CLUSTER: typeUrl("envoy.config.cluster.v3.Cluster"),
  CLUSTER_LOAD_ASSIGNMENT: typeUrl("envoy.config.endpoint.v3.ClusterLoadAssignment"),
  SECRET: typeUrl("envoy.extensions.transport_sockets.tls.v3.Secret"),
  RUNTIME: typeUrl("envoy.service.runtime.v3.Runtime"),
} as const satisfies Record<string, `type.googleapis.com/${MessageName}`>;

/** Any of {@link TYPE_URLS}. */
export type ResourceTypeUrl = (typeof TYPE_URLS)[keyof typeof TYPE_URLS];

/** Whether a type URL is that of a resource type. */
export function isResourceTypeUrl(url: string): url is ResourceTypeUrl {
  return Object.values<string>(TYPE_URLS).includes(url);
}

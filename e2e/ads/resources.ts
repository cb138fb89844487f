import type { Resource, ResourceRef } from "@sluice/model";
import {
  any,
  type Cluster,
  encode,
  hash,
  type Listener,
  type MessageOf,
  type ResourceTypeUrl,
  type RouteConfiguration,
  TYPE_URLS,
  type VirtualHost,
} from "@sluice/protos";

const ADS = { ads: {}, resourceApiVersion: "V3" } as const;

/** A resource with its bytes and version; the origin names it, so that refusals can be told apart. */
export function resource<T extends ResourceTypeUrl>(
  typeUrl: T,
  name: string,
  message: MessageOf<T>,
  dependsOn: readonly ResourceRef[] = [],
): Resource {
  const bytes = encode(typeUrl, message);
  const object = { kind: "Ingress", namespace: "test", name } as const;
  return { typeUrl, name, bytes, version: hash(bytes), origins: [{ object }], dependsOn };
}

export const ref = {
  cluster: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.CLUSTER, name }),
  endpoints: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, name }),
  routes: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name }),
  host: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.VIRTUAL_HOST, name }),
  listener: (name: string): ResourceRef => ({ typeUrl: TYPE_URLS.LISTENER, name }),
};

/** An HTTP listener on loopback that takes the RouteConfiguration of the given name. */
export function listener(name: string, port: number, routes = name, more: Partial<Listener> = {}): Resource {
  const manager = any("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    statPrefix: name,
    rds: { routeConfigName: routes, configSource: ADS },
    httpFilters: [{ name: "router", typedConfig: any("envoy.extensions.filters.http.router.v3.Router", {}) }],
  });
  return resource(TYPE_URLS.LISTENER, name, {
    name,
    address: { socketAddress: { address: "127.0.0.1", portValue: port } },
    filterChains: [{ filters: [{ name: "http", typedConfig: manager }] }],
    ...more,
  });
}

/** A RouteConfiguration that takes its virtual hosts by VHDS. */
export function routes(name: string, more: Partial<RouteConfiguration> = {}): Resource {
  return resource(TYPE_URLS.ROUTE_CONFIGURATION, name, { name, vhds: { configSource: ADS }, ...more });
}

/** Virtual host `HOST` of a RouteConfiguration, all paths to one cluster. */
export function host(
  routeConfiguration: string,
  domain: string,
  cluster: string,
  more: Partial<VirtualHost> = {},
) {
  const name = `${routeConfiguration}/${domain}`;
  const message: VirtualHost = {
    name,
    domains: [domain],
    routes: [{ match: { prefix: "/" }, route: { cluster } }],
    ...more,
  };
  return resource(TYPE_URLS.VIRTUAL_HOST, name, message, [
    ref.cluster(cluster),
    ref.endpoints(cluster),
    ref.routes(routeConfiguration),
  ]);
}

/** A virtual host that answers by itself. */
export function answer(
  routeConfiguration: string,
  domain: string,
  text: string,
  more: Partial<VirtualHost> = {},
) {
  const name = `${routeConfiguration}/${domain}`;
  const message: VirtualHost = {
    name,
    domains: [domain],
    routes: [{ match: { prefix: "/" }, directResponse: { status: 200, body: { inlineString: text } } }],
    ...more,
  };
  return resource(TYPE_URLS.VIRTUAL_HOST, name, message, [ref.routes(routeConfiguration)]);
}

/** A cluster whose endpoints come by EDS, unless `more` gives another type. */
export function cluster(name: string, more: Partial<Cluster> = {}): Resource {
  return resource(TYPE_URLS.CLUSTER, name, {
    name,
    ...(more.type === undefined ? { type: "EDS", edsClusterConfig: { edsConfig: ADS } } : {}),
    connectTimeout: { seconds: 1 },
    ...more,
  });
}

export function endpoints(name: string, ports: readonly number[]): Resource {
  const lbEndpoints = ports.map((portValue) => ({
    endpoint: { address: { socketAddress: { address: "127.0.0.1", portValue } } },
  }));
  return resource(TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, name, {
    clusterName: name,
    endpoints: [{ lbEndpoints }],
  });
}

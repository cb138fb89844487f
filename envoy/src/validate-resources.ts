import { RUNTIME, XDS_CLUSTER } from "./bootstrap.ts";
import type { Json, JsonObject } from "./json.ts";
import { validateConfig } from "./validate-config.ts";

/** A resource as canonical proto JSON, by the kind of place that it takes in a configuration. */
export interface StaticResource {
  readonly kind: "listener" | "cluster" | "routeConfiguration" | "loadAssignment" | "secret" | "virtualHost";
  /** The message without `@type`. */
  readonly body: JsonObject;
}

/** What Envoy said about one resource that it does not take. */
export interface RefusedResource<R extends StaticResource> {
  readonly resource: R;
  readonly message: string;
}

/**
 * The resources that an Envoy refuses, each tried by `--mode validate` in its place in a static configuration; empty
 * when it takes them all. All are tried in one run of Envoy; after a refusal halves are tried, so n refusals among
 * N resources cost about n·log N runs. References to resources that are not here are not followed.
 */
export async function validateResources<R extends StaticResource>(
  binary: string,
  resources: readonly R[],
): Promise<RefusedResource<R>[]> {
  if (resources.length === 0) return [];
  const { ok, message } = await validateConfig(binary, staticConfiguration(resources));
  if (ok) return [];
  const [only] = resources;
  if (resources.length === 1 && only !== undefined) return [{ resource: only, message }];
  const middle = Math.ceil(resources.length / 2);
  const left = await validateResources(binary, resources.slice(0, middle));
  const right = await validateResources(binary, resources.slice(middle));
  if (left.length + right.length > 0) return [...left, ...right];
  // Each half passes and the whole does not: they clash, as two resources of one name do.
  return resources.map((resource) => ({ resource, message }));
}

/** One bootstrap that holds all of the resources. */
export function staticConfiguration(resources: readonly StaticResource[]): JsonObject {
  const of = (kind: StaticResource["kind"]) => resources.filter((r) => r.kind === kind).map((r) => r.body);
  const virtualHosts = of("virtualHost");
  const hostsAsRoutes = virtualHosts.map((host, at) => ({
    name: `virtual-host-${at}`,
    virtual_hosts: [host],
  }));
  return {
    // Resources may point to ADS: it is there, and in validation nothing is asked of it.
    node: { id: "validate", cluster: "validate" },
    layered_runtime: { layers: [{ name: "static", static_layer: RUNTIME }] },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER } }],
      },
    },
    static_resources: {
      clusters: [xdsStandIn(), ...of("cluster"), ...of("loadAssignment").map(clusterFor)],
      listeners: [...of("listener"), ...[...of("routeConfiguration"), ...hostsAsRoutes].map(listenerFor)],
      secrets: of("secret"),
    },
  };
}

function xdsStandIn(): JsonObject {
  return clusterFor({ cluster_name: XDS_CLUSTER, endpoints: [] }, -1);
}

function clusterFor(assignment: JsonObject, at: number): JsonObject {
  const name = at < 0 ? XDS_CLUSTER : `load-assignment-${at}`;
  return {
    name,
    type: "STATIC",
    load_assignment: { ...assignment, cluster_name: name },
    ...(at < 0 && {
      typed_extension_protocol_options: {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
          "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
          explicit_http_config: { http2_protocol_options: {} },
        },
      },
    }),
  };
}

function listenerFor(routeConfiguration: JsonObject, at: number): JsonObject {
  const router: Json = {
    name: "envoy.filters.http.router",
    typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
  };
  return {
    name: `route-configuration-${at}`,
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: {
              "@type":
                "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
              stat_prefix: "validate",
              // The clusters of its routes are elsewhere.
              route_config: { ...routeConfiguration, validate_clusters: false },
              http_filters: [router],
            },
          },
        ],
      },
    ],
  };
}

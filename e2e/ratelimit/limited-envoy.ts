import { bootstrap, type EnvoyProcess, findEnvoy, type Json, startEnvoy } from "@sluice/envoy";
import { freePort } from "../support/free-port.ts";

export interface LimitedEnvoyOptions {
  /** Of the rate limit service: `unix:PATH`. */
  readonly rateLimits: string;
  readonly backendPort: number;
  /** `rate_limits` of the routes, by their path prefix. */
  readonly routes: Readonly<Record<string, Json>>;
  /** Where Envoy keeps its admin socket. */
  readonly folder: string;
}

export interface LimitedEnvoy {
  readonly process: EnvoyProcess;
  readonly httpPort: number;
}

/** An Envoy without a control plane, whose routes have the limits given. */
export async function startLimitedEnvoy(options: LimitedEnvoyOptions): Promise<LimitedEnvoy> {
  const httpPort = await freePort();
  const adminAddress = `unix:${options.folder}/admin-${httpPort}`;
  const { dynamic_resources: _, ...base } = bootstrap({
    nodeId: "limited",
    cluster: "limited",
    xdsAddress: "127.0.0.1:1",
    adminAddress,
  });
  const process = startEnvoy({
    binary: (await findEnvoy()).path,
    adminAddress,
    bootstrap: { ...base, static_resources: resources(httpPort, options) },
    concurrency: 2,
    dieWithParent: true,
  });
  await process.ready;
  return { process, httpPort };
}

function resources(httpPort: number, { rateLimits, backendPort, routes }: LimitedEnvoyOptions): Json {
  const at = (port: number): Json => ({ socket_address: { address: "127.0.0.1", port_value: port } });
  const manager = {
    "@type":
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "clients",
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: Object.entries(routes).map(([prefix, limits]) => ({
            match: { prefix },
            route: { cluster: "backend", rate_limits: limits },
          })),
        },
      ],
    },
    http_filters: [
      {
        name: "envoy.filters.http.ratelimit",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
          domain: "sluice",
          // The machine of the tests may be busy; a request that is not answered in time would pass.
          timeout: "10s",
          rate_limit_service: {
            transport_api_version: "V3",
            grpc_service: { envoy_grpc: { cluster_name: "rate-limits" } },
          },
        },
      },
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const grpc: Json = {
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
  return {
    listeners: [
      {
        name: "clients",
        address: at(httpPort),
        filter_chains: [
          { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] },
        ],
      },
    ],
    clusters: [
      cluster("backend", at(backendPort)),
      { ...cluster("rate-limits", { pipe: { path: rateLimits.slice("unix:".length) } }), ...grpc },
    ],
  };
}

function cluster(name: string, address: Json): Record<string, Json> {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
  return { name, type: "STATIC", load_assignment: { cluster_name: name, endpoints } };
}

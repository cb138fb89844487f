import { isIP } from "node:net";
import { CONTROL_PLANE_CLUSTER } from "@sluice/model";
import { type Address, parseAddress } from "./address.ts";
import { type JsonObject, mergeJson } from "./json.ts";
import { overloadManager } from "./overload.ts";
import { type XdsTls, xdsTransportSocket } from "./xds-tls.ts";

/** The name of the static cluster behind ADS and the rate limit service. */
export const XDS_CLUSTER = CONTROL_PLANE_CLUSTER;

export interface BootstrapOptions {
  /** Unique among the nodes of a control plane. */
  readonly nodeId: string;
  /** The node's cluster, a name for its group. */
  readonly cluster: string;
  /** Where the control plane serves ADS: `unix:PATH` or `HOST:PORT`. */
  readonly xdsAddress: string;
  /** Where the admin interface listens: `unix:PATH` or `HOST:PORT`. It can stop the process: loopback or a socket. */
  readonly adminAddress: string;
  /** `true` (default): incremental xDS. `false`: state of the world. */
  readonly delta?: boolean;
  readonly metadata?: JsonObject;
  readonly locality?: { readonly region?: string; readonly zone?: string; readonly sub_zone?: string };
  /** From 95 % of this heap on Envoy takes no requests, rather than being killed for its memory. Default: no limit. */
  readonly maxHeapBytes?: number;
  /** Connections of clients over all listeners; more are refused. Default 50,000. */
  readonly maxDownstreamConnections?: number;
  /** Runtime keys besides ours, or over ours. */
  readonly runtime?: Readonly<Record<string, string | number | boolean>>;
  /** Mutual TLS towards the control plane; {@link xdsSecretFiles} has the files that go with it. Default: plain text. */
  readonly xdsTls?: XdsTls;
  /** A partial bootstrap, merged last: objects by key, lists by appending. */
  readonly extensions?: JsonObject;
}

/**
 * The bootstrap of an Envoy that takes everything else over ADS, as a plain object for JSON.
 * Throws an EnvoyError for an address that cannot be read.
 */
export function bootstrap(options: BootstrapOptions): JsonObject {
  const base: JsonObject = {
    node: node(options),
    // `ignore_global_conn_limit`: an Envoy that is full must still be observable and drainable.
    admin: { address: envoyAddress(parseAddress(options.adminAddress)), ignore_global_conn_limit: true },
    dynamic_resources: dynamicResources(options.delta ?? true),
    static_resources: { clusters: [xdsCluster(options)] },
    overload_manager: overloadManager(options),
    layered_runtime: layeredRuntime(options.runtime),
    // Statistics are made and merged when they are used and asked for: most clusters of a gateway are idle.
    stats_flush_on_admin: true,
    deferred_stat_options: { enable_deferred_creation_stats: true },
  };
  return options.extensions === undefined ? base : mergeJson(base, options.extensions);
}

function node({ nodeId, cluster, metadata, locality }: BootstrapOptions): JsonObject {
  return {
    id: nodeId,
    cluster,
    ...(metadata && { metadata }),
    ...(locality && { locality: { ...locality } }),
  };
}

function dynamicResources(delta: boolean): JsonObject {
  // No timeout: an Envoy without listeners must not call itself ready because the control plane is slow.
  const overAds = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };
  return {
    ads_config: {
      api_type: delta ? "DELTA_GRPC" : "GRPC",
      transport_api_version: "V3",
      set_node_on_first_message_only: true,
      grpc_services: [
        {
          envoy_grpc: {
            cluster_name: XDS_CLUSTER,
            skip_envoy_headers: true,
            // A control plane that comes back is found within a second; the default backs off to 30.
            retry_policy: { retry_back_off: { base_interval: "0.1s", max_interval: "1s" } },
          },
        },
      ],
    },
    cds_config: overAds,
    lds_config: overAds,
  };
}

function xdsCluster({ xdsAddress, xdsTls }: BootstrapOptions): JsonObject {
  const address = parseAddress(xdsAddress);
  const byName = address.kind === "tcp" && isIP(address.host) === 0;
  return {
    name: XDS_CLUSTER,
    type: byName ? "STRICT_DNS" : "STATIC",
    connect_timeout: "1s",
    ...(address.kind === "tcp" && {
      upstream_connection_options: {
        tcp_keepalive: { keepalive_probes: 3, keepalive_time: 10, keepalive_interval: 5 },
      },
    }),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        // The ping finds a control plane that hangs, or whose machine is gone, where TCP would wait on.
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: "10s", timeout: "10s" } },
        },
      },
    },
    ...(xdsTls && { transport_socket: xdsTransportSocket(xdsTls) }),
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: envoyAddress(address) } }] }],
    },
  };
}

/** Runtime keys that decide what Envoy accepts, and so must be alike wherever a configuration is tried. */
export const RUNTIME: JsonObject = {
  // Envoy's own limit of 100 refuses ordinary patterns of users; RE2 is linear at any size.
  "re2.max_program_size.error_level": 32768,
  "re2.max_program_size.warn_level": 1000,
};

function layeredRuntime(extra: BootstrapOptions["runtime"]): JsonObject {
  return {
    layers: [
      {
        name: "static",
        static_layer: { ...RUNTIME, ...extra },
      },
      // Lets an operator change a key of the running process by the admin interface.
      { name: "admin", admin_layer: {} },
    ],
  };
}

function envoyAddress(address: Address): JsonObject {
  if (address.kind === "unix") return { pipe: { path: address.path, mode: 0o600 } };
  return { socket_address: { address: address.host, port_value: address.port } };
}

import { parseAddress } from "./address.ts";
import type { JsonObject } from "./json.ts";

/** Its listener's statistics are `listener.sluice_probes.*`: whoever counts connections of clients leaves them out. */
export const PROBE_LISTENER = "sluice_probes";
/** The default port of {@link probeListener}. */
export const PROBE_PORT = 15021;

const ADMIN_CLUSTER = "sluice_admin";

export interface ProbeListenerOptions {
  /** Default {@link PROBE_PORT}. */
  readonly port?: number;
  /** IP address to bind. Default all of IPv4. */
  readonly address?: string;
  /** The admin interface as the bootstrap has it, `HOST:PORT` or `unix:PATH`. */
  readonly adminAddress: string;
}

/**
 * A partial bootstrap with a listener that lets kubelet, load balancers and Prometheus ask for `/ready` and
 * `/stats/prometheus`, and nobody for anything else of the admin interface: that may stay on loopback. It goes on
 * answering while Envoy drains, and no bound on connections holds for it. Envoy opens it with its other static
 * listeners, once it has its first configuration. Throws an EnvoyError for an address that cannot be read.
 */
export function probeListener({
  port = PROBE_PORT,
  address = "0.0.0.0",
  adminAddress,
}: ProbeListenerOptions): JsonObject {
  return {
    static_resources: {
      listeners: [
        {
          name: PROBE_LISTENER,
          stat_prefix: PROBE_LISTENER,
          address: { socket_address: { address, port_value: port } },
          ignore_global_conn_limit: true,
          drain_type: "MODIFY_ONLY",
          filter_chains: [{ filters: [connectionManager()] }],
        },
      ],
      clusters: [adminCluster(adminAddress)],
    },
  };
}

function connectionManager(): JsonObject {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type":
        "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      stat_prefix: PROBE_LISTENER,
      common_http_protocol_options: { idle_timeout: "30s" },
      request_headers_timeout: "5s",
      // Without normalisation an encoded path could be one thing here and another at the admin interface.
      normalize_path: true,
      path_with_escaped_slashes_action: "REJECT_REQUEST",
      route_config: {
        name: PROBE_LISTENER,
        virtual_hosts: [
          { name: PROBE_LISTENER, domains: ["*"], routes: ["/ready", "/stats/prometheus"].map(adminRoute) },
        ],
      },
      http_filters: [
        {
          name: "envoy.filters.http.router",
          typed_config: {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            suppress_envoy_headers: true,
          },
        },
      ],
    },
  };
}

/** Only to read: GET, and HEAD as some load balancers probe. */
function adminRoute(path: string): JsonObject {
  const method = { name: ":method", string_match: { safe_regex: { regex: "GET|HEAD" } } };
  return { match: { path, headers: [method] }, route: { cluster: ADMIN_CLUSTER, timeout: "15s" } };
}

function adminCluster(adminAddress: string): JsonObject {
  const address = parseAddress(adminAddress);
  const at =
    address.kind === "unix"
      ? { pipe: { path: address.path } }
      : { socket_address: { address: address.host, port_value: address.port } };
  return {
    name: ADMIN_CLUSTER,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: ADMIN_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: at } }] }],
    },
  };
}

import { bootstrap, type EnvoyProcess, findEnvoy, type Json, probeListener, startEnvoy } from "@sluice/envoy";
import { freePort } from "../support/free-port.ts";

/** An Envoy without a control plane: everything goes to one backend. */
export interface StaticEnvoy {
  readonly process: EnvoyProcess;
  readonly httpPort: number;
  readonly adminPort: number;
  readonly probePort: number;
}

/** Starts one, with the admin interface and the probe listener as a managed Envoy has them. */
export async function startStaticEnvoy(backendPort: number): Promise<StaticEnvoy> {
  const [httpPort, adminPort, probePort] = await Promise.all([freePort(), freePort(), freePort()]);
  const adminAddress = `127.0.0.1:${adminPort}`;
  const { dynamic_resources: _, ...base } = bootstrap({
    nodeId: "static",
    cluster: "static",
    xdsAddress: "127.0.0.1:1",
    adminAddress,
  });
  const probes = probeListener({ port: probePort, address: "127.0.0.1", adminAddress });
  const process = startEnvoy({
    binary: (await findEnvoy()).path,
    adminAddress,
    bootstrap: withRoute({ ...base, ...probes }, httpPort, backendPort),
    concurrency: 2,
    drainSeconds: 60,
    dieWithParent: true,
  });
  await process.ready;
  return { process, httpPort, adminPort, probePort };
}

function withRoute(base: Record<string, Json>, httpPort: number, backendPort: number): Record<string, Json> {
  // The partial bootstrap of probeListener: both lists are there.
  const own = base.static_resources as { listeners: Json[]; clusters: Json[] };
  const at = (port: number): Json => ({ socket_address: { address: "127.0.0.1", port_value: port } });
  const manager = {
    "@type":
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "clients",
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "backend" } }] },
      ],
    },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const backend = {
    name: "backend",
    type: "STATIC",
    load_assignment: {
      cluster_name: "backend",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: at(backendPort) } }] }],
    },
  };
  const listener = {
    name: "clients",
    address: at(httpPort),
    filter_chains: [
      { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] },
    ],
  };
  return {
    ...base,
    static_resources: { listeners: [...own.listeners, listener], clusters: [...own.clusters, backend] },
  };
}

import type { JsonObject } from "./json.ts";

/** Envoy's documentation has this number in "Configuring Envoy as an edge proxy". */
const DEFAULT_MAX_DOWNSTREAM_CONNECTIONS = 50_000;

const HEAP = "envoy.resource_monitors.fixed_heap";
const CONNECTIONS = "envoy.resource_monitors.global_downstream_max_connections";
const CONNECTIONS_CONFIG =
  "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig";

export interface OverloadOptions {
  readonly maxHeapBytes?: number;
  readonly maxDownstreamConnections?: number;
}

/**
 * The overload manager as Envoy's edge guide advises: a bound on connections always, and with `maxHeapBytes`
 * freeing of memory at 90 %, no more requests and no more connections at 95 %.
 */
export function overloadManager({ maxHeapBytes, maxDownstreamConnections }: OverloadOptions): JsonObject {
  const connections = {
    name: CONNECTIONS,
    typed_config: {
      "@type": `type.googleapis.com/${CONNECTIONS_CONFIG}`,
      max_active_downstream_connections: maxDownstreamConnections ?? DEFAULT_MAX_DOWNSTREAM_CONNECTIONS,
    },
  };
  if (maxHeapBytes === undefined) return { refresh_interval: "0.25s", resource_monitors: [connections] };
  const heap = {
    name: HEAP,
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
      max_heap_size_bytes: maxHeapBytes,
    },
  };
  return {
    refresh_interval: "0.25s",
    resource_monitors: [connections, heap],
    actions: [
      atHeap("envoy.overload_actions.shrink_heap", 0.9),
      atHeap("envoy.overload_actions.stop_accepting_requests", 0.95),
    ],
    loadshed_points: [atHeap("envoy.load_shed_points.tcp_listener_accept", 0.95)],
  };
}

function atHeap(name: string, value: number): JsonObject {
  return { name, triggers: [{ name: HEAP, threshold: { value } }] };
}

import { isIP } from "node:net";
import type { GatewaySettings, Resource } from "@sluice/model";
import { any, encode, type HttpConnectionManager, type Route, TYPE_URLS } from "@sluice/protos";
import { makeResource } from "./built.ts";
import { seconds } from "./values.ts";

/** The cluster of the collector; no cluster of a user is called so, as theirs hold a slash. */
export const TRACING_CLUSTER = "sluice_tracing";

const NONE = { value: 0 } as const;
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/**
 * The tracer of a connection manager: always there where there is a collector, and idle. How much is traced is said on the
 * routes, since a changed connection manager would end its connections.
 */
export function managerTracing({
  tracingCollector,
  tracing,
}: GatewaySettings): Pick<HttpConnectionManager, "tracing"> {
  if (tracingCollector === undefined) return {};
  return {
    tracing: {
      clientSampling: NONE,
      randomSampling: NONE,
      provider: {
        name: "envoy.tracers.opentelemetry",
        typedConfig: any("envoy.config.trace.v3.OpenTelemetryConfig", {
          grpcService: { envoyGrpc: { clusterName: TRACING_CLUSTER }, timeout: seconds(5) },
          serviceName: tracing?.serviceName ?? "sluice",
        }),
      },
    },
  };
}

/** The share of a route's requests that are traced; nothing on a route where none is. */
export function routeTracing({ tracingCollector, tracing }: GatewaySettings): Pick<Route, "tracing"> {
  if (tracingCollector === undefined || tracing === undefined || tracing.samplePercent === 0) return {};
  return {
    tracing: {
      clientSampling: { numerator: 0 },
      randomSampling: { numerator: Math.round(tracing.samplePercent * 100), denominator: "TEN_THOUSAND" },
    },
  };
}

/** The collector's cluster, if there is one. A collector that is away costs requests nothing: its spans are dropped. */
export function tracingCluster({ tracingCollector }: GatewaySettings): Resource | undefined {
  if (tracingCollector === undefined) return undefined;
  const { host, port } = tracingCollector;
  return makeResource({
    typeUrl: TYPE_URLS.CLUSTER,
    name: TRACING_CLUSTER,
    bytes: encode(TYPE_URLS.CLUSTER, {
      name: TRACING_CLUSTER,
      type: isIP(host) === 0 ? "STRICT_DNS" : "STATIC",
      connectTimeout: seconds(1),
      typedExtensionProtocolOptions: {
        [HTTP_OPTIONS]: any(HTTP_OPTIONS, { explicitHttpConfig: { http2ProtocolOptions: {} } }),
      },
      loadAssignment: {
        clusterName: TRACING_CLUSTER,
        endpoints: [
          {
            lbEndpoints: [{ endpoint: { address: { socketAddress: { address: host, portValue: port } } } }],
          },
        ],
      },
    }),
  });
}

import type { Cluster as ClusterModel, Diagnostic } from "@sluice/model";
import {
  any,
  type Cluster,
  type ClusterHttpProtocolOptions,
  checkConstraints,
  encode,
  type OutlierDetection,
  TYPE_URLS,
} from "@sluice/protos";
import { shortfall } from "./active-features.ts";
import { type Built, constraintDiagnostic, makeResource } from "./built.ts";
import { tlsSocket, UPSTREAM_TLS, upstreamTls } from "./tls-context.ts";
import { overAds, seconds, uint32 } from "./values.ts";
import type { XdsContext } from "./xds-context.ts";

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** Limits that are out of the way: Envoy's own 1,024 are for a sidecar. Features set them for single Services. */
const UNLIMITED = uint32(0xffff_ffff);

/**
 * A cluster, whose endpoints come by EDS under its name. One that breaks a rule of Envoy's API, or lacks a protection
 * that the node cannot give, becomes a cluster without endpoints and is reported: its routes answer 503.
 */
export function cluster(model: ClusterModel, context: XdsContext): Built {
  const lack = shortfall(context.features, model.policies, model.origins[0]);
  const message = baseCluster(model, context);
  const http = protocolOptions(model, context.settings);
  const tls = upstreamTls(model);
  const isTcp = model.protocol === "tcp";
  for (const feature of context.features.active) {
    const policy = model.policies[feature.id];
    feature.cluster?.(message, policy);
    if (policy === undefined) continue;
    feature.clusterHttp?.(http, policy);
    if (model.tls) feature.clusterTls?.({ tls, http }, policy);
  }
  const faults = [
    ...checkConstraints(TYPE_URLS.CLUSTER, message),
    ...checkConstraints(HTTP_OPTIONS, http),
    ...checkConstraints(UPSTREAM_TLS, tls),
  ].map(({ path, message }) => `${path} ${message}`);
  const diagnostics: Diagnostic[] = [...lack.diagnostics];
  if (faults.length > 0)
    diagnostics.push(
      constraintDiagnostic(model.origins[0], `Backend ${model.name}`, faults, "its routes answer 503"),
    );
  const usable = faults.length === 0 && !lack.denied;
  if (usable && model.tls) message.transportSocket = tlsSocket(tls);
  if (usable && !isTcp) message.typedExtensionProtocolOptions = { [HTTP_OPTIONS]: any(HTTP_OPTIONS, http) };
  const bytes = encode(TYPE_URLS.CLUSTER, usable ? message : closedCluster(model.name));
  const resource = makeResource({
    typeUrl: TYPE_URLS.CLUSTER,
    name: model.name,
    bytes,
    origins: model.origins,
  });
  return { resource, diagnostics };
}

function baseCluster(model: ClusterModel, { settings }: XdsContext): Cluster {
  return {
    name: model.name,
    type: "EDS",
    edsClusterConfig: { edsConfig: overAds() },
    perConnectionBufferLimitBytes: uint32(settings.limits.connectionBuffer),
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: UNLIMITED,
          maxPendingRequests: UNLIMITED,
          maxRequests: UNLIMITED,
          // An endpoint that dies takes all its requests with it at one moment; the number of tries is limited per route.
          maxRetries: UNLIMITED,
        },
      ],
    },
    commonLbConfig: {
      // No panic: endpoints that are draining get nothing new, however few are left.
      healthyPanicThreshold: { value: 0 },
      // Envoy would put off changes of health by up to a second, while a draining endpoint still got requests.
      updateMergeWindow: seconds(0),
    },
    // A peer that vanished without a word is noticed in a minute and a half, and its requests are tried elsewhere.
    upstreamConnectionOptions: {
      tcpKeepalive: { keepaliveProbes: uint32(3), keepaliveTime: uint32(60), keepaliveInterval: uint32(10) },
    },
    outlierDetection: DEAD_ENDPOINTS,
    // An endpoint that is gone is gone, whatever a health check of it last said.
    ignoreHealthOnHostRemoval: true,
  };
}

/**
 * An endpoint that twice in a row could not be connected to, or reset a request, is passed over for some seconds, if at
 * most half of its Service are: apps that end at once, and nodes that lose power, stay listed for a while, and with some
 * of them dead a request could meet nothing else in all of its tries. What backends answer says nothing against them.
 */
const DEAD_ENDPOINTS: OutlierDetection = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: uint32(2),
  enforcingConsecutiveLocalOriginFailure: uint32(100),
  enforcingConsecutive5xx: uint32(0),
  enforcingSuccessRate: uint32(0),
  enforcingLocalOriginSuccessRate: uint32(0),
  maxEjectionPercent: uint32(50),
  interval: seconds(2),
  baseEjectionTime: seconds(1),
  maxEjectionTime: seconds(2),
};

function protocolOptions(model: ClusterModel, settings: XdsContext["settings"]): ClusterHttpProtocolOptions {
  return {
    commonHttpProtocolOptions: { idleTimeout: seconds(settings.timeouts.backendIdle) },
    explicitHttpConfig:
      model.protocol === "http2"
        ? // Without HTTP/2 pings: gRPC servers take more than one in five minutes for an attack.
          {
            http2ProtocolOptions: {
              initialStreamWindowSize: uint32(64 * 1024),
              initialConnectionWindowSize: uint32(1024 * 1024),
            },
          }
        : { httpProtocolOptions: {} },
  };
}

function closedCluster(name: string): Cluster {
  return { name, type: "STATIC", loadAssignment: { clusterName: name } };
}

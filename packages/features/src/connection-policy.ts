import { defineFeature, int } from "@sluice/feature-api";

interface ConnectionPolicy {
  readonly connections?: number;
  readonly connectionsPerEndpoint?: number;
  readonly requestsPerConnection?: number;
}

/** What Envoy's fields can hold. */
const MAX = 0xffff_ffff;

const NGINX = "ingress-nginx has no such annotation.";
const WAITING = "Requests over HTTP/1.1 beyond that wait for a connection.";

/** Limits on connections to a Service. */
export const connectionPolicy = defineFeature({
  id: "connection-policy",
  title: "Connections to the backend",
  scope: "service",
  onInvalid: "ignore",
  keys: {
    "connection-policy-tcp-max-connection": int(1, MAX, {
      doc: `The most connections that one instance of the gateway has to the Service at a time. ${WAITING} Each worker thread of Envoy may always have one connection to each endpoint.`,
      example: "1000",
      default: "no limit",
      nginx: NGINX,
    }),
    "connection-policy-tcp-max-connection-per-endpoint": int(1, MAX, {
      doc: `The most connections that one instance of the gateway has to one endpoint of the Service at a time. ${WAITING} Each worker thread of Envoy may always have one connection to each endpoint.`,
      example: "100",
      default: "no limit",
      nginx: NGINX,
    }),
    "connection-policy-http-max-request-per-connection": int(1, MAX, {
      doc: "After so many requests a connection is closed, and a new one is opened when it is needed. 1: a connection for each request.",
      example: "1000",
      default: "no limit",
      nginx: NGINX,
    }),
  },
  parse: (values): ConnectionPolicy | undefined => {
    const connections = values["connection-policy-tcp-max-connection"];
    const connectionsPerEndpoint = values["connection-policy-tcp-max-connection-per-endpoint"];
    const requestsPerConnection = values["connection-policy-http-max-request-per-connection"];
    const policy: ConnectionPolicy = {
      ...(connections !== undefined && { connections }),
      ...(connectionsPerEndpoint !== undefined && { connectionsPerEndpoint }),
      ...(requestsPerConnection !== undefined && { requestsPerConnection }),
    };
    return Object.keys(policy).length === 0 ? undefined : policy;
  },
  cluster: (out, policy) => {
    if (policy === undefined) return;
    const { connections, connectionsPerEndpoint } = policy;
    const [first = {}, ...more] = out.circuitBreakers?.thresholds ?? [];
    out.circuitBreakers = {
      ...out.circuitBreakers,
      ...(connections !== undefined && {
        thresholds: [{ ...first, maxConnections: { value: connections } }, ...more],
      }),
      ...(connectionsPerEndpoint !== undefined && {
        perHostThresholds: [{ maxConnections: { value: connectionsPerEndpoint } }],
      }),
    };
  },
  clusterHttp: (out, { requestsPerConnection }) => {
    if (requestsPerConnection === undefined) return;
    out.commonHttpProtocolOptions = {
      ...out.commonHttpProtocolOptions,
      maxRequestsPerConnection: { value: requestsPerConnection },
    };
  },
});

import { defineFeature, integerType, key, seconds } from "@sluice/feature-api";

/** All in seconds, at least 1; absent: the gateway's default. */
interface TimeoutPolicy {
  readonly request?: number;
  readonly idle?: number;
  readonly connect?: number;
}

/** Seconds for connecting to an endpoint when no annotation says otherwise. */
export const DEFAULT_CONNECT_TIMEOUT = 5;

/** Ten years: long enough for anyone, and far from what overflows Envoy's timers. */
const MAX_SECONDS = 315_360_000;

const AT_LEAST_ONE = integerType(1, MAX_SECONDS, "seconds, without a unit");

const KEYS = {
  timeout: seconds(
    {
      doc: "The longest that a whole request may take, from its end to the end of the response, retries included; then the client gets 504. 0: no limit.",
      example: "30",
      default: "no limit",
      nginx: "ingress-nginx has no such annotation.",
    },
    MAX_SECONDS,
  ),
  "proxy-connect-timeout": key(AT_LEAST_ONE, {
    doc: "Seconds for connecting to an endpoint; then another one is tried, if there are retries left.",
    example: "3",
    default: "5",
  }),
  "proxy-read-timeout": key(AT_LEAST_ONE, {
    doc: "The longest silence, in seconds, between two reads or writes of a request; then the client gets 504, or 408 while its own request is unfinished. With `proxy-send-timeout` as well the larger counts, for both directions.",
    example: "60",
    default: "300",
    nginx: "ingress-nginx: 60, and for reading from the backend only.",
  }),
  "proxy-send-timeout": key(AT_LEAST_ONE, {
    doc: "The same as `proxy-read-timeout`; the larger of the two counts.",
    example: "60",
    default: "300",
    nginx: "ingress-nginx: 60, and for writing to the backend only.",
  }),
};

/** Time limits of requests, connections and silence. */
export const timeouts = defineFeature({
  id: "timeouts",
  title: "Timeouts",
  scope: "route",
  onInvalid: "ignore",
  keys: KEYS,

  parse: (values): TimeoutPolicy | undefined => {
    const idle = Math.max(values["proxy-read-timeout"] ?? 0, values["proxy-send-timeout"] ?? 0);
    const connect = values["proxy-connect-timeout"];
    const policy: TimeoutPolicy = {
      ...(values.timeout ? { request: values.timeout } : {}),
      ...(idle > 0 ? { idle } : {}),
      ...(connect !== undefined && connect !== DEFAULT_CONNECT_TIMEOUT ? { connect } : {}),
    };
    return Object.keys(policy).length === 0 ? undefined : policy;
  },

  // Envoy holds the connect timeout per cluster, so routes that differ get clusters of their own.
  backendVariant: ({ connect }) =>
    connect === undefined ? undefined : { suffix: `connect-${connect}s`, policy: { connect } },

  route: (out, policy) => {
    if (policy === undefined || out.route === undefined) return;
    if (policy.request !== undefined) out.route.timeout = { seconds: policy.request };
    if (policy.idle !== undefined) out.route.idleTimeout = { seconds: policy.idle };
  },

  cluster: (out, policy) => {
    out.connectTimeout = { seconds: policy?.connect ?? DEFAULT_CONNECT_TIMEOUT };
  },
});

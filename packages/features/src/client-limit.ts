import { defineFeature, IP_NOTE, int, ipNoteConfig, key, MAX_LONG_VALUE_LENGTH } from "@sluice/feature-api";
import { LIMIT_ENTRY } from "@sluice/model";
import { any, type HttpFilter, type RateLimit_Action } from "@sluice/protos";
import { burstMultiplier } from "./support/burst-multiplier.ts";
import { rangesType } from "./support/ip-lists.ts";
import { clientInFlightLimit, limitRoute, SHARED_LIMIT_REQUIRES } from "./support/shared-limit.ts";
import { type Limits, limiter, MAX_REQUESTS, setLimits } from "./support/token-bucket.ts";

const FILTER = "sluice.client-limit";
/** Notes who is not limited. */
const ALLOWLIST = "sluice.client-limit-allowlist";

/** Clients, per Ingress, that are remembered; some hundred bytes each, and only when they come. */
const MAX_BUCKETS = 50_000;

interface ClientLimitPolicy {
  readonly limits: Limits;
  /** Requests in flight. */
  readonly connections?: number;
  /** Ranges that are not limited. */
  readonly allow?: readonly string[];
}

const KEYS = {
  "limit-rps": int(0, MAX_REQUESTS, {
    doc: "The most requests per second of one client address for all rules of this Ingress together, on each instance of the gateway; http and https, and hosts with a certificate of their own, are counted apart. Others get 503, or 429 if the operator says so, with the body `local_rate_limited`. 0: no limit.",
    example: "10",
    default: "no limit",
    nginx:
      "Of the clients, the 50000 that came last are remembered. limit-req-status-code is a setting of the gateway, and 503 or 429.",
  }),
  "limit-rpm": int(0, MAX_REQUESTS, {
    doc: "The same per minute. With `limit-rps` as well both apply. 0: no limit.",
    example: "300",
    default: "no limit",
  }),
  "limit-burst-multiplier": int(0, MAX_REQUESTS, {
    doc: "How many times the limit of `limit-rps` and `limit-rpm` may come at once, if nothing came before. Up to 10; more counts as 10.",
    example: "2",
    default: "5",
    nginx: "ingress-nginx takes more than 10.",
  }),
  "limit-allowlist": key(rangesType, {
    doc: "Addresses and CIDRs of clients that `limit-rps`, `limit-rpm` and `limit-connections` do not limit.",
    maxLength: MAX_LONG_VALUE_LENGTH,
    example: "10.0.0.0/8, 2001:db8::/32",
    default: "every client is limited",
    aliases: ["limit-whitelist"],
  }),
  "limit-connections": int(0, MAX_REQUESTS, {
    doc: "The most requests of one client address that are in flight at a time for all rules of this Ingress together, on each instance of the gateway. Others get 503, or 429 if the operator says so, with the body `local_rate_limited`. A request is in flight until its answer has ended. While the control plane is away nobody is limited. 0: no limit.",
    example: "20",
    default: "no limit",
    nginx:
      "ingress-nginx counts HTTP/1.1 connections once they have sent a request; here requests count on every protocol. limit-conn-status-code is a setting of the gateway, and 503 or 429.",
  }),
};

/** How many requests one client may send to the rules of an Ingress. */
export const clientLimit = defineFeature({
  id: "client-limit",
  title: "Throttling of clients",
  scope: "route",
  onInvalid: "ignore",
  keys: KEYS,
  parse: (values, context): ClientLimitPolicy | undefined => {
    const { "limit-rps": rps = 0, "limit-rpm": rpm = 0, "limit-allowlist": allow } = values;
    const connections = values["limit-connections"] ?? 0;
    if (rps === 0 && rpm === 0 && connections === 0) return undefined;
    const name = "limit-burst-multiplier";
    const multiplier = burstMultiplier(name, values[name], context.report);
    return {
      limits: {
        id: `${context.object.namespace}/${context.object.name}`,
        ...(rps > 0 && { perSecond: { requests: rps, multiplier } }),
        ...(rpm > 0 && { perMinute: { requests: rpm, multiplier } }),
      },
      ...(connections > 0 && { connections }),
      ...(allow !== undefined && { allow }),
    };
  },
  mayAnswer: (_, { isForwarded }) =>
    isForwarded
      ? "Requests over the limit of their client get 503, or 429 if the operator says so."
      : undefined,
  stage: "limit",
  requires: SHARED_LIMIT_REQUIRES,
  httpFilters: ({ clientLimitStatus }) => [note(), clientLimiter(clientLimitStatus)],
  route: (out, policy) => {
    if (policy === undefined) return;
    const { limits, connections, allow } = policy;
    if (limits.perSecond !== undefined || limits.perMinute !== undefined) setLimits(out, FILTER, limits);
    if (connections !== undefined) {
      const more = allow === undefined ? [] : [noteAction(LIMIT_ENTRY.exempt)];
      limitRoute(out, clientInFlightLimit(limits.id, connections, more), "in-flight-here", undefined);
    }
    if (allow !== undefined)
      out.typedPerFilterConfig = { ...out.typedPerFilterConfig, [ALLOWLIST]: ipNoteConfig(allow) };
  },
});

function note(): HttpFilter {
  return { name: ALLOWLIST, typedConfig: any("envoy.extensions.filters.http.rbac.v3.RBAC", {}) };
}

/** Tells, under this key, whether the client is on the list. */
function noteAction(descriptorKey: string): RateLimit_Action {
  return {
    metadata: {
      descriptorKey,
      metadataKey: { key: IP_NOTE.namespace, path: [{ key: IP_NOTE.key }] },
      source: "DYNAMIC",
      defaultValue: IP_NOTE.outside,
    },
  };
}

function clientLimiter(status: 429 | 503 = 503): HttpFilter {
  return limiter({
    name: FILTER,
    status: status === 429 ? "TooManyRequests" : "ServiceUnavailable",
    maxBuckets: MAX_BUCKETS,
    parts: [
      { action: { remoteAddress: {} }, key: "remote_address" },
      // No bucket is for those on the list.
      { action: noteAction("note"), key: "note", value: IP_NOTE.outside },
    ],
  });
}

import {
  defineFeature,
  IP_NOTE,
  int,
  ipNoteConfig,
  key,
  MAX_LONG_VALUE_LENGTH,
  type ParseContext,
  type Values,
} from "@sluice/feature-api";
import { any, type HttpFilter } from "@sluice/protos";
import { burstMultiplier } from "./support/burst-multiplier.ts";
import { rangesType } from "./support/ip-lists.ts";
import { type Limits, limiter, MAX_REQUESTS, setLimits } from "./support/token-bucket.ts";

const FILTER = "sluice.client-limit";
/** Notes who is not limited. */
const ALLOWLIST = "sluice.client-limit-allowlist";

/** Clients, per Ingress, that are remembered; some hundred bytes each, and only when they come. */
const MAX_BUCKETS = 50_000;

interface ClientLimitPolicy {
  readonly limits: Limits;
  /** Ranges that are not limited. */
  readonly allow?: readonly string[];
}

const KEYS = {
  "limit-rps": int(0, MAX_REQUESTS, {
    doc: "The most requests per second of one client address for all rules of this Ingress together, on each instance of the gateway; http and https, and hosts with a certificate of their own, are counted apart. Others get 503 with the body `local_rate_limited`. 0: no limit.",
    example: "10",
    default: "no limit",
    nginx:
      "The status cannot be changed by limit-req-status-code. Of the clients, the 50000 that came last are remembered.",
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
    doc: "Addresses and CIDRs of clients that `limit-rps` and `limit-rpm` do not limit.",
    maxLength: MAX_LONG_VALUE_LENGTH,
    example: "10.0.0.0/8, 2001:db8::/32",
    default: "every client is limited",
    aliases: ["limit-whitelist"],
  }),
  "limit-connections": int(0, MAX_REQUESTS, {
    doc: "No effect, reported: Envoy does not count the requests in flight of one client address.",
    example: "20",
    default: "no limit",
    effect: "none",
    nginx: "No effect here.",
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
    reportConnections(values, context);
    const { "limit-rps": rps = 0, "limit-rpm": rpm = 0, "limit-allowlist": allow } = values;
    if (rps === 0 && rpm === 0) return undefined;
    const name = "limit-burst-multiplier";
    const multiplier = burstMultiplier(name, values[name], context.report);
    return {
      limits: {
        id: `${context.object.namespace}/${context.object.name}`,
        ...(rps > 0 && { perSecond: { requests: rps, multiplier } }),
        ...(rpm > 0 && { perMinute: { requests: rpm, multiplier } }),
      },
      ...(allow !== undefined && { allow }),
    };
  },
  mayAnswer: (_, { isForwarded }) =>
    isForwarded ? "Requests over the limit of their client get 503." : undefined,
  stage: "limit",
  httpFilters: () => [note(), clientLimiter()],
  route: (out, policy) => {
    if (policy === undefined) return;
    setLimits(out, FILTER, policy.limits);
    if (policy.allow !== undefined)
      out.typedPerFilterConfig = { ...out.typedPerFilterConfig, [ALLOWLIST]: ipNoteConfig(policy.allow) };
  },
});

function reportConnections(values: Values<typeof KEYS>, { report }: ParseContext): void {
  if ((values["limit-connections"] ?? 0) === 0) return;
  report.note("limit-connections", {
    code: "annotation-no-effect",
    message:
      "limit-connections has no effect: Envoy cannot count the requests in flight of one client address.",
    hint: "Limit the rate with limit-rps.",
  });
}

function note(): HttpFilter {
  return { name: ALLOWLIST, typedConfig: any("envoy.extensions.filters.http.rbac.v3.RBAC", {}) };
}

function clientLimiter(): HttpFilter {
  const who = {
    metadata: {
      descriptorKey: "note",
      metadataKey: { key: IP_NOTE.namespace, path: [{ key: IP_NOTE.key }] },
      source: "DYNAMIC",
      defaultValue: IP_NOTE.outside,
    },
  } as const;
  return limiter({
    name: FILTER,
    status: "ServiceUnavailable",
    maxBuckets: MAX_BUCKETS,
    parts: [
      { action: { remoteAddress: {} }, key: "remote_address" },
      // No bucket is for those on the list.
      { action: who, key: "note", value: IP_NOTE.outside },
    ],
  });
}

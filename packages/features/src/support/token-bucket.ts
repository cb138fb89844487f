import {
  any,
  type HeaderValueOption,
  type HttpFilter,
  type LocalRateLimitDescriptor,
  type RateLimit,
  type RateLimit_Action,
  type Route,
  struct,
} from "@sluice/protos";

/**
 * Token buckets whose limits stand on routes, while the buckets are the listener's. A bucket of a route's own would be
 * full again whenever any host of the table changes, and would count each route for itself.
 *
 * Envoy wants the size of a bucket and its refill where the bucket is. So all buckets have one size, {@link SIZE}, and a
 * request costs its share of it; what differs is how many seconds an empty bucket takes to fill, of which there
 * are a few: the multiplier of the burst times the seconds of the unit.
 */
export interface Limit {
  /** Requests per unit; times the multiplier at least 1. */
  readonly requests: number;
  /** 1 to {@link MAX_MULTIPLIER}. */
  readonly multiplier: number;
}

export interface Limits {
  /** Names the bucket: requests with one name share it. */
  readonly id: string;
  readonly perSecond?: Limit;
  readonly perMinute?: Limit;
}

export const MAX_MULTIPLIER = 10;

/** The most requests per unit: the share that one costs is a whole number, still exact to 1 % then. */
export const MAX_REQUESTS = 1_000_000;

/** Tokens of a full bucket; also the most that Envoy lets a request cost. */
const SIZE = 1_000_000_000;

const UNITS = { perSecond: 1, perMinute: 60 } as const;

type Unit = keyof typeof UNITS;

const LIMITER = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";

/** What a request must have besides its limit for a bucket to count, and what tells buckets apart. */
export interface Part {
  readonly action: RateLimit_Action;
  readonly key: string;
  /** Absent: each value has a bucket of its own. */
  readonly value?: string;
}

export interface LimiterOptions {
  /** Also the name under which routes have their {@link limitMetadata}. */
  readonly name: string;
  /** The status of what is over the limit. */
  readonly status: "TooManyRequests" | "ServiceUnavailable";
  readonly parts?: readonly Part[];
  /** Headers of the answer to what is over the limit. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The buckets of one kind that are remembered; beyond it the one not used for the longest time is forgotten. */
  readonly maxBuckets: number;
}

/** A filter that counts the requests of routes with limits. It is always on: switched on by routes it would count by route. */
export function limiter(options: LimiterOptions): HttpFilter {
  const units: readonly Unit[] = ["perSecond", "perMinute"];
  const all = { defaultValue: { numerator: 100, denominator: "HUNDRED" as const } };
  return {
    name: options.name,
    disabled: false,
    typedConfig: any(LIMITER, {
      statPrefix: options.name,
      status: { code: options.status },
      filterEnabled: all,
      filterEnforced: all,
      ...(options.headers !== undefined && { responseHeadersToAdd: constants(options.headers) }),
      maxDynamicDescriptors: { value: options.maxBuckets },
      rateLimits: units.map((unit) => costs(unit, options)),
      descriptors: units.flatMap((unit) => buckets(unit, options.parts ?? [])),
    }),
  };
}

function constants(headers: Readonly<Record<string, string>>): HeaderValueOption[] {
  return Object.entries(headers).map(([key, value]) => ({ header: { key, value } }));
}

/** Tells of one unit's limit, if the route has one. */
function costs(unit: Unit, { name, parts = [] }: LimiterOptions): RateLimit {
  const actions = [
    fromRoute("fill", name, `${unit}.fill`),
    fromRoute("id", name, "id"),
    ...parts.map(({ action }) => action),
  ];
  return { actions, hitsAddend: { format: `%METADATA(ROUTE:${name}:${unit}.cost)%` } };
}

function fromRoute(descriptorKey: string, namespace: string, field: string): RateLimit_Action {
  return {
    metadata: {
      descriptorKey,
      metadataKey: { key: namespace, path: [{ key: field }] },
      source: "ROUTE_ENTRY",
      skipIfAbsent: true,
    },
  };
}

/** One bucket for each time to fill. */
function buckets(unit: Unit, parts: readonly Part[]): LocalRateLimitDescriptor[] {
  return Array.from({ length: MAX_MULTIPLIER }, (_, index) => {
    const fill = (index + 1) * UNITS[unit];
    return {
      entries: [
        { key: "fill", value: `${fill}` },
        { key: "id" },
        ...parts.map(({ key, value }) => ({ key, ...(value !== undefined && { value }) })),
      ],
      tokenBucket: {
        maxTokens: SIZE,
        tokensPerFill: { value: Math.floor(SIZE / fill) },
        fillInterval: { seconds: 1 },
      },
    };
  });
}

/** Writes the limits of a route, for the {@link limiter} of this name. */
export function setLimits(out: Route, name: string, limits: Limits): void {
  const fields = (["perSecond", "perMinute"] as const).flatMap((unit) => {
    const limit = limits[unit];
    if (limit === undefined) return [];
    return [
      [`${unit}.fill`, `${limit.multiplier * UNITS[unit]}`],
      [`${unit}.cost`, `${Math.max(1, Math.round(SIZE / (limit.requests * limit.multiplier)))}`],
    ];
  });
  const own = struct(Object.fromEntries([["id", limits.id], ...fields]));
  out.metadata = { ...out.metadata, filterMetadata: { ...out.metadata?.filterMetadata, [name]: own } };
}

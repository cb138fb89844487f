import { COUNTED_KEY, LIMITED_HEADER, type LimitKind } from "@sluice/model";
import {
  type HeaderValue,
  type RateLimitRequest,
  type RateLimitResponse,
  type RateLimitResponse_DescriptorStatus,
  type RateLimitResponse_RateLimit_Unit,
  struct,
} from "@sluice/protos";
import type { Connection } from "./connection.ts";
import { type Ask, readDescriptor } from "./descriptor.ts";
import type { Lease, Leases } from "./leases.ts";
import type { LimitStore, Outcome } from "./store.ts";

/** How many requests of Envoy ended how, since the start. */
export interface AnswerCounts {
  allowed: number;
  limited: number;
  /** Descriptors that name no limit which can be used; the requests passed. */
  unreadable: number;
  /** Requests that passed because answering them failed: a bug. */
  failed: number;
}

/** Where requests are counted. */
export interface Counting {
  /** Over all instances. */
  readonly store: LimitStore;
  readonly requests: Leases;
  /** Requests in flight of one Envoy alone. */
  readonly requestsHere: Leases;
}

const PASSES: Outcome = { allowed: true, remaining: 0, resetMs: 0 };

/**
 * Answers one `ShouldRateLimit`. Limits in flight are asked before rates, so that a request which finds no room there
 * takes nothing from a rate; and a request that is refused is in flight nowhere.
 */
export async function answer(
  counting: Counting,
  request: RateLimitRequest,
  counts: AnswerCounts,
  connection?: Connection,
): Promise<RateLimitResponse> {
  const hits = Math.max(1, request.hitsAddend ?? 1);
  const asks = (request.descriptors ?? []).map((one) =>
    hereOf(readDescriptor(request.domain ?? "", one), connection?.host ?? ""),
  );
  counts.unreadable += asks.filter((ask) => ask === undefined).length;

  const inFlight = await all(asks, async (ask) => {
    if (ask?.kind === "done") await leasesOf(counting, ask).end(ask.key, ask.id);
    if (ask?.kind !== "in-flight") return undefined;
    return leasesOf(counting, ask).begin(ask.limit, ask.id, connection?.owner);
  });
  const room = inFlight.every((begun) => begun?.outcome.allowed !== false);
  const rates = await all(asks, async (ask) =>
    room && ask?.kind === "rate" ? counting.store.take(ask.limit, hits) : undefined,
  );
  const outcomes = asks.map((_, index) => inFlight[index]?.outcome ?? rates[index]);
  const refusing = asks.find((_, index) => outcomes[index]?.allowed === false);
  if (refusing !== undefined) await giveBack(counting, asks, inFlight);

  const over = asks.every((ask) => ask?.kind === "done");
  if (!over) counts[refusing === undefined ? "allowed" : "limited"] += 1;
  return {
    overallCode: refusing === undefined ? "OK" : "OVER_LIMIT",
    statuses: asks.map((ask, index) => status(ask, outcomes[index] ?? PASSES)),
    ...(over ? {} : { dynamicMetadata: WAS_COUNTED }),
    ...(refusing !== undefined && { responseHeadersToAdd: [limitedBy(refusing)], rawBody: BODY }),
  };
}

/** Where no other filter puts a body in its place. */
const BODY = Buffer.from("limited");

const WAS_COUNTED = struct({ [COUNTED_KEY]: "yes" });

function limitedBy(ask: Ask): HeaderValue {
  const value: LimitKind = ask.kind !== "in-flight" ? "rate" : ask.here ? "in-flight-here" : "in-flight";
  return { key: LIMITED_HEADER, value };
}

/** Where one process serves several Envoys, on hosts of their own, each counts its own. */
function hereOf(ask: Ask | undefined, host: string): Ask | undefined {
  if (ask === undefined || host === "") return ask;
  if (ask.kind === "done" && ask.here) return { ...ask, key: `${host} ${ask.key}` };
  if (ask.kind === "in-flight" && ask.here)
    return { ...ask, limit: { ...ask.limit, key: `${host} ${ask.limit.key}` } };
  return ask;
}

function leasesOf({ requests, requestsHere }: Counting, { here }: { readonly here: boolean }): Leases {
  return here ? requestsHere : requests;
}

function all<T>(asks: readonly (Ask | undefined)[], each: (ask: Ask | undefined) => Promise<T>) {
  return Promise.all(asks.map(each));
}

async function giveBack(
  counting: Counting,
  asks: readonly (Ask | undefined)[],
  inFlight: readonly ({ readonly lease: Lease } | undefined)[],
): Promise<void> {
  await Promise.all(
    asks.map(async (ask, index) => {
      const begun = inFlight[index];
      if (ask?.kind === "in-flight" && begun !== undefined)
        await leasesOf(counting, ask).giveBack(ask.limit.key, begun.lease);
    }),
  );
}

function status(ask: Ask | undefined, outcome: Outcome): RateLimitResponse_DescriptorStatus {
  const code = outcome.allowed ? "OK" : "OVER_LIMIT";
  if (ask?.kind !== "rate" && ask?.kind !== "in-flight") return { code };
  const unit = ask.kind === "rate" ? UNIT_NAMES.get(ask.limit.windowMs) : undefined;
  return {
    code,
    limitRemaining: outcome.remaining,
    ...(unit === undefined ? {} : { currentLimit: { requestsPerUnit: ask.limit.limit, unit } }),
    durationUntilReset: {
      seconds: Math.floor(outcome.resetMs / 1_000),
      nanos: (outcome.resetMs % 1_000) * 1_000_000,
    },
  };
}

/** The units that Envoy can tell, by their milliseconds. */
const UNIT_NAMES = new Map<number, RateLimitResponse_RateLimit_Unit>([
  [1_000, "SECOND"],
  [60_000, "MINUTE"],
  [3_600_000, "HOUR"],
  [86_400_000, "DAY"],
  [30 * 86_400_000, "MONTH"],
  [365 * 86_400_000, "YEAR"],
]);

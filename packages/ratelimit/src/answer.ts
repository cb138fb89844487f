import type {
  RateLimitRequest,
  RateLimitResponse,
  RateLimitResponse_DescriptorStatus,
  RateLimitResponse_RateLimit_Unit,
} from "@sluice/protos";
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

const PASSES: Outcome = { allowed: true, remaining: 0, resetMs: 0 };

/**
 * Answers one `ShouldRateLimit`. Limits in flight are asked before rates, so that a request which finds no room there
 * takes nothing from a rate; and a request that is refused is in flight nowhere.
 */
export async function answer(
  { store, requests }: { readonly store: LimitStore; readonly requests: Leases },
  request: RateLimitRequest,
  counts: AnswerCounts,
): Promise<RateLimitResponse> {
  const hits = Math.max(1, request.hitsAddend ?? 1);
  const asks = (request.descriptors ?? []).map((one) => readDescriptor(request.domain ?? "", one));
  counts.unreadable += asks.filter((ask) => ask === undefined).length;

  const inFlight = await all(asks, async (ask) => {
    if (ask?.kind === "done") await requests.end(ask.key, ask.id);
    return ask?.kind === "in-flight" ? requests.begin(ask.limit, ask.id) : undefined;
  });
  const room = inFlight.every((begun) => begun?.outcome.allowed !== false);
  const rates = await all(asks, async (ask) =>
    room && ask?.kind === "rate" ? store.take(ask.limit, hits) : undefined,
  );
  const outcomes = asks.map((_, index) => inFlight[index]?.outcome ?? rates[index]);
  const allowed = outcomes.every((outcome) => outcome?.allowed !== false);
  if (!allowed) await giveBack(requests, asks, inFlight);

  const over = asks.every((ask) => ask?.kind === "done");
  if (!over) counts[allowed ? "allowed" : "limited"] += 1;
  return {
    overallCode: allowed ? "OK" : "OVER_LIMIT",
    statuses: asks.map((ask, index) => status(ask, outcomes[index] ?? PASSES)),
  };
}

function all<T>(asks: readonly (Ask | undefined)[], each: (ask: Ask | undefined) => Promise<T>) {
  return Promise.all(asks.map(each));
}

async function giveBack(
  requests: Leases,
  asks: readonly (Ask | undefined)[],
  inFlight: readonly ({ readonly lease: Lease } | undefined)[],
): Promise<void> {
  await Promise.all(
    asks.map(async (ask, index) => {
      const begun = inFlight[index];
      if (ask?.kind === "in-flight" && begun !== undefined)
        await requests.giveBack(ask.limit.key, begun.lease);
    }),
  );
}

function status(ask: Ask | undefined, outcome: Outcome): RateLimitResponse_DescriptorStatus {
  const code = outcome.allowed ? "OK" : "OVER_LIMIT";
  if (ask === undefined || ask.kind === "done") return { code };
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

import type { BackoffLimits, Clock, KubeApi, Limiter } from "@sluice/kubernetes-api";
import type { Counters } from "./counters.ts";
import type { Health } from "./health.ts";

/** What all followers share. */
export interface Environment {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  readonly health: Health;
  readonly counters: Counters;
  /** Bounds how many objects are asked for at a time. */
  readonly limiter: Limiter;
}

/** Few requests follow whole collections, so they may be quick to come back. */
export const COLLECTION_BACKOFF: BackoffLimits = { firstMs: 200, maxMs: 10_000 };
/** Single objects may be thousands. When the API server is back, they are woken. */
export const OBJECT_BACKOFF: BackoffLimits = { firstMs: 500, maxMs: 60_000 };
/** A watch that lasted this long was worth opening, even if it had nothing to tell. */
export const LASTING_MS = 5_000;
/** When to look again for a kind that is not there. */
export const LOOK_AGAIN_MS = 60_000;

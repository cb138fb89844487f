import { createHash } from "node:crypto";
import type { RateLimitDescriptor } from "@sluice/protos";
import type { InFlightLimit, RateLimit } from "./store.ts";

/**
 * Keys of a descriptor's entries. The limit travels with the request, as one more constant (`generic_key`) of the
 * route's action: the server needs no table, and a route and its limit change at once.
 *
 * A rate: `{ requests_per_second: "100" }`; in flight: `{ in_flight: "10", request: ID }`, and the same with
 * `{ done: "true" }` when the stream is done (`apply_on_stream_done`). All other entries say what is counted together.
 */
export const ENTRY = {
  perSecond: "requests_per_second",
  perMinute: "requests_per_minute",
  perHour: "requests_per_hour",
  perDay: "requests_per_day",
  inFlight: "in_flight",
  request: "request",
  done: "done",
} as const;

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

const WINDOWS = new Map<string, number>([
  [ENTRY.perSecond, SECOND],
  [ENTRY.perMinute, 60 * SECOND],
  [ENTRY.perHour, 3_600 * SECOND],
  [ENTRY.perDay, DAY],
]);

/** Of `envoy.type.v3.RateLimitUnit`, for a limit override; months and years are of 30 and 365 days. */
const UNITS = new Map<string, number>([
  ["SECOND", SECOND],
  ["MINUTE", 60 * SECOND],
  ["HOUR", 3_600 * SECOND],
  ["DAY", DAY],
  ["MONTH", 30 * DAY],
  ["YEAR", 365 * DAY],
]);

/** What a descriptor asks for. */
export type Ask =
  | { readonly kind: "rate"; readonly limit: RateLimit }
  | { readonly kind: "in-flight"; readonly limit: InFlightLimit; readonly id: string }
  | { readonly kind: "done"; readonly key: string; readonly id: string };

/** Longer keys are hashed: an entry may hold what a client sent. */
const LONGEST_KEY = 200;

/**
 * Reads a descriptor; `undefined`: it names no limit that can be used, so none applies. A limit override of Envoy's own
 * (`limit`) is taken as well, and wins.
 */
export function readDescriptor(domain: string, descriptor: RateLimitDescriptor): Ask | undefined {
  const own = new Map<string, string>();
  const counted: string[] = [];
  for (const { key = "", value = "" } of descriptor.entries ?? []) {
    if (isOwn(key)) own.set(key, value);
    else counted.push(key, value);
  }
  const request = own.get(ENTRY.request);
  const inFlight = own.get(ENTRY.inFlight);
  if (inFlight !== undefined) {
    const limit = wholeNumber(inFlight);
    const key = keyOf("in-flight", domain, counted);
    if (limit === undefined || request === undefined) return undefined;
    return own.has(ENTRY.done)
      ? { kind: "done", key, id: request }
      : { kind: "in-flight", limit: { key, limit }, id: request };
  }
  const rate = overrideOf(descriptor) ?? rateOf(own);
  if (rate === undefined) return undefined;
  return { kind: "rate", limit: { key: keyOf("rate", domain, counted), ...rate } };
}

const OWN: ReadonlySet<string> = new Set(Object.values(ENTRY));

function isOwn(key: string): boolean {
  return OWN.has(key);
}

function rateOf(own: ReadonlyMap<string, string>): Omit<RateLimit, "key"> | undefined {
  for (const [key, windowMs] of WINDOWS) {
    const limit = wholeNumber(own.get(key) ?? "");
    if (limit !== undefined) return { limit, windowMs };
  }
  return undefined;
}

function overrideOf({ limit: override }: RateLimitDescriptor): Omit<RateLimit, "key"> | undefined {
  const limit = override?.requestsPerUnit ?? 0;
  const unit = UNITS.get(override?.unit ?? "");
  if (limit < 1 || unit === undefined) return undefined;
  return { limit, windowMs: unit };
}

/** From 1 to the largest that Envoy's API can tell (uint32). */
function wholeNumber(text: string): number | undefined {
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 0xffffffff ? number : undefined;
}

/** Entries are told apart whatever they hold. */
function keyOf(kind: string, domain: string, counted: readonly string[]): string {
  const text = JSON.stringify([kind, domain, ...counted]);
  return text.length <= LONGEST_KEY ? text : createHash("sha256").update(text).digest("base64url");
}

import { createHash } from "node:crypto";
import { LIMIT_ENTRY } from "@sluice/model";
import type { RateLimitDescriptor } from "@sluice/protos";
import type { InFlightLimit, RateLimit } from "./store.ts";

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

const WINDOWS = new Map<string, number>([
  [LIMIT_ENTRY.perSecond, SECOND],
  [LIMIT_ENTRY.perMinute, 60 * SECOND],
  [LIMIT_ENTRY.perHour, 3_600 * SECOND],
  [LIMIT_ENTRY.perDay, DAY],
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
  | { readonly kind: "in-flight"; readonly here: boolean; readonly limit: InFlightLimit; readonly id: string }
  | { readonly kind: "done"; readonly here: boolean; readonly key: string; readonly id: string }
  | { readonly kind: "exempt" };

/** The value of an `exempt` entry that means it. */
const EXEMPT = "allowed";

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
  if (own.get(LIMIT_ENTRY.exempt) === EXEMPT) return { kind: "exempt" };
  if (own.has(LIMIT_ENTRY.inFlight) || own.has(LIMIT_ENTRY.inFlightHere))
    return inFlightOf(own, domain, counted);
  const rate = overrideOf(descriptor) ?? rateOf(own);
  if (rate === undefined) return undefined;
  return { kind: "rate", limit: { key: keyOf("rate", domain, counted), group: domain, ...rate } };
}

function inFlightOf(
  own: ReadonlyMap<string, string>,
  domain: string,
  counted: readonly string[],
): Ask | undefined {
  const id = own.get(LIMIT_ENTRY.request);
  const here = own.has(LIMIT_ENTRY.inFlightHere);
  const limit = wholeNumber(own.get(here ? LIMIT_ENTRY.inFlightHere : LIMIT_ENTRY.inFlight) ?? "");
  if (limit === undefined || id === undefined) return undefined;
  const key = keyOf("in-flight", domain, counted);
  return own.has(LIMIT_ENTRY.done)
    ? { kind: "done", here, key, id }
    : { kind: "in-flight", here, limit: { key, group: domain, limit }, id };
}

const OWN: ReadonlySet<string> = new Set(Object.values(LIMIT_ENTRY));

function isOwn(key: string): boolean {
  return OWN.has(key);
}

function rateOf(own: ReadonlyMap<string, string>): Omit<RateLimit, "key" | "group"> | undefined {
  for (const [key, windowMs] of WINDOWS) {
    const limit = wholeNumber(own.get(key) ?? "");
    if (limit !== undefined) return { limit, windowMs };
  }
  return undefined;
}

function overrideOf({ limit: override }: RateLimitDescriptor): Omit<RateLimit, "key" | "group"> | undefined {
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

/**
 * What the routes of the gateway and its rate limit service agree on. The limit travels with the request, as constants of the
 * route: the service needs no table, and a route and its limit change at once.
 */

/** The name of the static cluster behind ADS and the rate limit service; no cluster of a user is called so, as theirs hold a slash. */
export const CONTROL_PLANE_CLUSTER = "sluice_xds";

/**
 * Keys of a descriptor's entries. A rate: `{ requests_per_second: "100" }`; in flight: `{ in_flight: "10", request: ID }`, and
 * the same with `{ done: "true" }` when the stream is done. With `in_flight_here` in place of `in_flight` the requests of one
 * Envoy alone are counted. A descriptor with `{ exempt: "allowed" }` limits nothing. All other entries say what is counted
 * together.
 */
export const LIMIT_ENTRY = {
  perSecond: "requests_per_second",
  perMinute: "requests_per_minute",
  perHour: "requests_per_hour",
  perDay: "requests_per_day",
  inFlight: "in_flight",
  inFlightHere: "in_flight_here",
  exempt: "exempt",
  request: "request",
  done: "done",
} as const;

/** What of a request can be over its limit. */
export type LimitKind = "rate" | "in-flight" | "in-flight-here";

/** The header of an answer that tells Envoy's other filters which limit it is for. They take it off. */
export const LIMITED_HEADER = "x-sluice-limited";

/** A request that the service has counted says so in the dynamic metadata of Envoy's rate limit filter, under this key. */
export const COUNTED_KEY = "counted";

import { defineFeature, enumType, key } from "@sluice/feature-api";
import { any, type Route, struct } from "@sluice/protos";
import {
  bodyFilters,
  bufferPerRoute,
  HOLD_SIZED,
  HOLD_UNSIZED,
  LIMIT_FILTER,
  MAX_HELD,
} from "./support/body-filters.ts";
import { sizeType } from "./support/size.ts";

interface BodySizePolicy {
  /** Bytes, at least 1. */
  readonly limit?: number;
  /** Whether the backend gets a request only when it is whole. */
  readonly hold: boolean;
}

const HELD = "99,999,999 bytes (95 MiB)";

/** Limits on bodies of requests, and whether they are held until they are whole. */
export const bodySize = defineFeature({
  id: "body-size",
  title: "Body size and buffering",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "proxy-body-size": key(sizeType, {
      doc: `The largest body of a request, as a number of bytes or with b, k, m or g behind it; a larger one is answered 413. 0: no limit. A body whose length is said in Content-Length is passed on as it comes. One whose length is not said is held in memory until it is whole, to be counted, and so may have ${HELD} whatever the limit. gRPC calls without Content-Length are not held, and not limited.`,
      example: "8m",
      default: "no limit",
      nginx: `ingress-nginx has a limit of 1m if the annotation is absent; here there is none. A body without Content-Length is held before the backend sees any of it, and may have at most ${HELD}. gRPC calls without Content-Length are not limited.`,
    }),
    "proxy-request-buffering": key(enumType(["on", "off"]), {
      doc: `With on, the backend gets a request only when all of its body is there, so that a slow client occupies no backend. Bodies of ${HELD} and more, those whose length is not said (unless proxy-body-size has them held), and gRPC calls are passed on as they come.`,
      example: "on",
      default: "off",
      nginx: `ingress-nginx: on if absent, with large bodies on disk. Here they are held in memory, and bodies of ${HELD} and more, or without Content-Length, are passed on as they come.`,
    }),
  },
  parse: (values): BodySizePolicy | undefined => {
    const limit = values["proxy-body-size"] ?? 0;
    const hold = values["proxy-request-buffering"] === "on";
    return limit === 0 && !hold ? undefined : { ...(limit > 0 && { limit }), hold };
  },
  // Behind authentication, so that strangers cannot have bodies held.
  stage: "mutate",
  httpFilters: bodyFilters,
  requires: [
    "envoy.extensions.filters.http.lua.v3.Lua",
    "envoy.extensions.filters.http.buffer.v3.Buffer",
    "envoy.extensions.common.matching.v3.ExtensionWithMatcher",
  ],
  route: (out, policy) => {
    if (policy === undefined) return;
    if (policy.limit !== undefined) limitBodies(out, policy.limit);
    if (policy.hold) enable(out, HOLD_SIZED, bufferPerRoute(MAX_HELD));
  },
});

function limitBodies(out: Route, limit: number): void {
  enable(out, LIMIT_FILTER, any("envoy.extensions.filters.http.lua.v3.LuaPerRoute", { name: "limit" }));
  enable(out, HOLD_UNSIZED, bufferPerRoute(Math.min(limit, MAX_HELD)));
  out.metadata = {
    ...out.metadata,
    filterMetadata: { ...out.metadata?.filterMetadata, [LIMIT_FILTER]: struct({ bytes: limit }) },
  };
}

function enable(out: Route, name: string, config: ReturnType<typeof any>): void {
  out.typedPerFilterConfig = { ...out.typedPerFilterConfig, [name]: config };
}

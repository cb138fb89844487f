import { defineFeature, int } from "@sluice/feature-api";
import type { LimitKind } from "@sluice/model";
import {
  fallbackBody,
  fallbackBodyType,
  fallbackCode,
  fallbackRedirect,
  type LimitFallback,
  limitAnswer,
  limitFallback,
  refusalText,
} from "./support/limit-fallback.ts";
import {
  inFlightLimit,
  limitRoute,
  SHARED_LIMIT_REQUIRES,
  sharedLimitFilters,
} from "./support/shared-limit.ts";
import { MAX_REQUESTS } from "./support/token-bucket.ts";

const LIMIT = "concurrency-limit";
const KIND: LimitKind = "in-flight";

interface ConcurrencyLimitPolicy {
  /** Of the Ingress, whose routes share the limit. */
  readonly id: string;
  readonly most: number;
  readonly fallback?: LimitFallback;
}

/** How many requests of the rules of an Ingress are in flight at a time, over all instances of the gateway. */
export const concurrencyLimit = defineFeature({
  id: "concurrency-limit",
  title: "Requests in flight over all instances",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "concurrency-limit": int(1, MAX_REQUESTS, {
      doc: "The most requests that are in flight for all rules of this Ingress together, over all instances of the gateway. A request is in flight until its answer has ended, a WebSocket until it is closed. Canaries count with it. While the instances cannot count together, each passes its part of the limit; an Envoy that no control plane counts for passes all.",
      example: "100",
      default: "no limit",
      nginx: "ingress-nginx has no such annotation.",
    }),
    "concurrency-limit-fallback-custom-response-code": fallbackCode(LIMIT),
    "concurrency-limit-fallback-custom-response-body-type": fallbackBodyType(LIMIT),
    "concurrency-limit-fallback-custom-response-body": fallbackBody(LIMIT),
    "concurrency-limit-fallback-redirect-url": fallbackRedirect(LIMIT),
  },
  parse: (values, context): ConcurrencyLimitPolicy | undefined => {
    const most = values["concurrency-limit"];
    const fallback = limitFallback(
      LIMIT,
      most !== undefined,
      {
        code: values["concurrency-limit-fallback-custom-response-code"],
        type: values["concurrency-limit-fallback-custom-response-body-type"],
        body: values["concurrency-limit-fallback-custom-response-body"],
        redirect: values["concurrency-limit-fallback-redirect-url"],
      },
      context,
    );
    if (most === undefined) return undefined;
    const { namespace, name } = context.object;
    return { id: `${namespace}/${name}`, most, ...(fallback !== undefined && { fallback }) };
  },
  mayAnswer: ({ most, fallback }, { isForwarded }) =>
    isForwarded
      ? `Requests over ${most} in flight over all instances get ${refusalText(fallback)}.`
      : undefined,
  stage: "limit",
  requires: SHARED_LIMIT_REQUIRES,
  // For all features with limits that the control plane counts.
  httpFilters: sharedLimitFilters,
  route: (out, policy, { https }) => {
    if (policy === undefined) return;
    const { id, most, fallback } = policy;
    limitRoute(out, inFlightLimit(id, most), KIND, limitAnswer(fallback, https));
  },
});

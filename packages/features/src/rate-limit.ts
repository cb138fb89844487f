import { defineFeature, int } from "@sluice/feature-api";
import { COUNTED_KEY, LIMITED_HEADER, type LimitKind } from "@sluice/model";
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
  limitRoute,
  perSecondLimit,
  SHARED_LIMIT_FILTER,
  SHARED_LIMIT_REQUIRES,
} from "./support/shared-limit.ts";
import { slowestFill } from "./support/slow-limit.ts";
import { limiter, MAX_REQUESTS, setLimits } from "./support/token-bucket.ts";

/** Limits what the service did not count. */
const FALLBACK_FILTER = "sluice.rate-limit-fallback";

/** More Ingresses with a limit than a gateway will have. */
const MAX_BUCKETS = 10_000;

const LIMIT = "rate-limit";
const KIND: LimitKind = "rate";

interface RateLimitPolicy {
  /** Of the Ingress, whose routes share the limit. */
  readonly id: string;
  readonly perSecond: number;
  /** What one Envoy lets pass per second while nobody counts for all. */
  readonly share: number;
  readonly fallback?: LimitFallback;
}

/** How many requests the rules of an Ingress take per second, over all instances of the gateway. */
export const rateLimit = defineFeature({
  id: "rate-limit",
  title: "Throttling over all instances",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "rate-limit": int(1, MAX_REQUESTS, {
      doc: "The most requests per second for all rules of this Ingress together, over all instances of the gateway. Canaries count with it. While instances cannot count together, each passes its part of the limit.",
      example: "100",
      default: "no limit",
      nginx: "ingress-nginx has no such annotation; it limits by the instance.",
    }),
    "rate-limit-fallback-custom-response-code": fallbackCode(LIMIT),
    "rate-limit-fallback-custom-response-body-type": fallbackBodyType(LIMIT),
    "rate-limit-fallback-custom-response-body": fallbackBody(LIMIT),
    "rate-limit-fallback-redirect-url": fallbackRedirect(LIMIT),
  },
  parse: (values, context): RateLimitPolicy | undefined => {
    const perSecond = values["rate-limit"];
    const fallback = limitFallback(
      LIMIT,
      perSecond !== undefined,
      {
        code: values["rate-limit-fallback-custom-response-code"],
        type: values["rate-limit-fallback-custom-response-body-type"],
        body: values["rate-limit-fallback-custom-response-body"],
        redirect: values["rate-limit-fallback-redirect-url"],
      },
      context,
    );
    if (perSecond === undefined) return undefined;
    const { namespace, name } = context.object;
    return {
      id: `${namespace}/${name}`,
      perSecond,
      share: perSecond / context.references.instances(),
      ...(fallback !== undefined && { fallback }),
    };
  },
  mayAnswer: ({ perSecond, fallback }, { isForwarded }) =>
    isForwarded
      ? `Requests over ${perSecond} per second over all instances get ${refusalText(fallback)}.`
      : undefined,
  stage: "limit",
  requires: SHARED_LIMIT_REQUIRES,
  httpFilters: () => [
    limiter({
      name: FALLBACK_FILTER,
      status: "TooManyRequests",
      maxBuckets: MAX_BUCKETS,
      headers: { [LIMITED_HEADER]: KIND },
      parts: [
        {
          action: {
            metadata: {
              descriptorKey: COUNTED_KEY,
              metadataKey: { key: SHARED_LIMIT_FILTER, path: [{ key: COUNTED_KEY }] },
              source: "DYNAMIC",
              defaultValue: "no",
            },
          },
          key: COUNTED_KEY,
          // No bucket is for what was counted.
          value: "no",
        },
      ],
    }),
  ],
  route: (out, policy, { https }) => {
    if (policy === undefined) return;
    const { id, perSecond, share, fallback } = policy;
    limitRoute(out, [perSecondLimit(id, perSecond)], KIND, limitAnswer(fallback, https));
    setLimits(out, FALLBACK_FILTER, { id, ...slowestFill(share) });
  },
});

import { defineFeature, int } from "@sluice/feature-api";
import { burstMultiplier } from "./support/burst-multiplier.ts";
import { type Limits, limiter, MAX_REQUESTS, setLimits } from "./support/token-bucket.ts";

const FILTER = "sluice.route-limit";

/** More Ingresses with a limit than a gateway will have. */
const MAX_BUCKETS = 10_000;

const NGINX = "ingress-nginx has no such annotation.";

/** How many requests the rules of an Ingress take from all clients together. */
export const routeLimit = defineFeature({
  id: "route-limit",
  title: "Throttling of rules",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "route-limit-rps": int(1, MAX_REQUESTS, {
      doc: "The most requests per second for all rules of this Ingress together, on each instance of the gateway; http and https, and hosts with a certificate of their own, are counted apart. Others get 429 with the body `local_rate_limited`.",
      example: "100",
      default: "no limit",
      nginx: NGINX,
    }),
    "route-limit-rpm": int(1, MAX_REQUESTS, {
      doc: "The same per minute. With `route-limit-rps` as well this one counts.",
      example: "600",
      default: "no limit",
      nginx: NGINX,
    }),
    "route-limit-burst-multiplier": int(1, MAX_REQUESTS, {
      doc: "How many times the limit may come at once, if nothing came before. Up to 10; more counts as 10.",
      example: "2",
      default: "5",
      nginx: NGINX,
      higress: "Higress takes more than 10.",
    }),
  },
  parse: (values, { object, report, isSet }): Limits | undefined => {
    const { "route-limit-rps": rps, "route-limit-rpm": rpm } = values;
    const key = "route-limit-burst-multiplier";
    if (rps === undefined && rpm === undefined) {
      if (values[key] !== undefined && !isSet("route-limit-rps") && !isSet("route-limit-rpm"))
        report.note(key, {
          code: "annotation-no-effect",
          message: `${key} has no effect without route-limit-rps or route-limit-rpm.`,
        });
      return undefined;
    }
    if (rps !== undefined && rpm !== undefined)
      report.note("route-limit-rps", {
        code: "annotation-no-effect",
        message: "route-limit-rps has no effect beside route-limit-rpm.",
        hint: "Set one of the two.",
      });
    const multiplier = burstMultiplier(key, values[key], report);
    const id = `${object.namespace}/${object.name}`;
    if (rpm !== undefined) return { id, perMinute: { requests: rpm, multiplier } };
    return rps === undefined ? undefined : { id, perSecond: { requests: rps, multiplier } };
  },
  mayAnswer: (_, { isForwarded }) =>
    isForwarded ? "Requests over the limit of the Ingress get 429." : undefined,
  stage: "limit",
  httpFilters: () => [limiter({ name: FILTER, status: "TooManyRequests", maxBuckets: MAX_BUCKETS })],
  route: (out, limits) => {
    if (limits !== undefined) setLimits(out, FILTER, limits);
  },
});

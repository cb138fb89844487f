import { defineFeature, int } from "@sluice/feature-api";
import { any } from "@sluice/protos";

const FILTER = "sluice.limit-rate";
/** Of Envoy's filters that slow bodies down this one does it for each response by itself, as NGINX does. */
const FAULT = "envoy.extensions.filters.http.fault.v3.HTTPFault";

/** KiB per second: more than a connection carries. */
const MAX_RATE = 100_000_000;

interface LimitRatePolicy {
  /** KiB per second of each response. */
  readonly rate: number;
}

/** How fast bodies of responses are sent. */
export const limitRate = defineFeature({
  id: "limit-rate",
  title: "Speed of responses",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "limit-rate": int(0, MAX_RATE, {
      doc: "The most that is sent of the body of each response, in KiB per second. 0: no limit.",
      example: "512",
      default: "no limit",
    }),
    "limit-rate-after": int(0, MAX_RATE, {
      doc: "No effect, reported unless it is 0: a response with a `limit-rate` is limited from its first byte.",
      example: "0",
      default: "0",
      nginx: "ingress-nginx sends so many KB at full speed first.",
    }),
  },
  parse: (values, { report }): LimitRatePolicy | undefined => {
    const { "limit-rate": rate = 0, "limit-rate-after": after = 0 } = values;
    if (after > 0)
      report.note("limit-rate-after", {
        code: "annotation-no-effect",
        message:
          "limit-rate-after has no effect: a response with a limit-rate is limited from its first byte.",
        hint: "Raise limit-rate if short responses are too slow.",
      });
    return rate === 0 ? undefined : { rate };
  },
  stage: "fault",
  httpFilters: () => [{ name: FILTER, typedConfig: any(FAULT, {}) }],
  route: (out, policy) => {
    if (policy === undefined) return;
    const fault = any(FAULT, {
      responseRateLimit: {
        fixedLimit: { limitKbps: policy.rate },
        percentage: { numerator: 100, denominator: "HUNDRED" },
      },
      disableDownstreamClusterStats: true,
    });
    out.typedPerFilterConfig = { ...out.typedPerFilterConfig, [FILTER]: fault };
  },
});

import { bool, defineFeature } from "@sluice/feature-api";

/** Keys that choose among endpoints, of which there is one then. */
const CHOOSING = [
  "affinity",
  "session-cookie-name",
  "session-cookie-path",
  "upstream-hash-by",
  "load-balance",
  "warmup",
];

/** The Service's own address in place of its endpoints. */
export const serviceUpstream = defineFeature({
  id: "service-upstream",
  title: "Service upstream",
  scope: "service",
  onInvalid: "ignore",
  keys: {
    "service-upstream": bool({
      doc: "Sends requests to the Service's cluster IP in place of its endpoints. Affinity, hashing and retries on another endpoint then have no effect.",
      example: "true",
      default: "false",
    }),
  },
  parse: (values, context): { readonly clusterAddress: true } | undefined => {
    if (values["service-upstream"] !== true) return undefined;
    for (const name of CHOOSING.filter(context.isSet))
      context.report.note(name, {
        code: "annotation-no-effect",
        message: `${name} has no effect beside service-upstream: the cluster IP is the only endpoint.`,
        hint: "Remove one of the two.",
      });
    return { clusterAddress: true };
  },
  useClusterAddress: (policy) => policy.clusterAddress,
});

import type { ParseContext } from "@sluice/feature-api";

const QUERY = "canary-by-query";

/**
 * Reports a query key that an earlier step of a rollout has left behind, where it changes who goes to the canary.
 *
 * ingress-nginx has no canary by query, so a query key under its prefix is written by the script of Kruise Rollouts for
 * MSE Ingress (0.6), which takes the keys of headers, cookies and weights away in a later step, but not those of the query.
 */
export function reportLeftOver(
  context: ParseContext,
  share: { readonly weight: number; readonly total: number },
): void {
  if (context.written(QUERY)?.startsWith("nginx.") !== true) return;
  const effect = effectOf(context, share);
  if (effect === undefined) return;
  context.report.note(QUERY, {
    code: "canary-left-over",
    message: `This query key looks left over from an earlier step of a Kruise Rollout: ${effect}.`,
    expected: "no query key in a step without queryParams",
    hint: "Put steps by query after all others but that of 100 %, or mend lua.traffic.routing.ingress.mse in Kruise's ConfigMap kruise-rollout-configuration.",
  });
}

function effectOf(
  { isSet }: ParseContext,
  { weight, total }: { readonly weight: number; readonly total: number },
): string | undefined {
  if (isSet("canary-by-header"))
    return "requests go to the canary only with both the header and the query parameter";
  if (isSet("canary-by-cookie"))
    return "requests with the query parameter go to the canary as well as those with the cookie";
  // At the whole total everybody goes there, with the parameter or without.
  if (weight > 0 && weight < total)
    return "requests with the query parameter go to the canary besides the share by weight";
  return undefined;
}

import { type Feature, FILTER_STAGES } from "@sluice/feature-api";
import { any, type HttpFilter } from "@sluice/protos";

/**
 * The filters of the connection manager: by stage, then by feature id, the router last. A filter is disabled unless
 * its feature says otherwise; routes that use it enable it.
 */
export function httpFilters(features: readonly Feature[]): readonly HttpFilter[] {
  const installing = features
    .map((feature) => ({ id: feature.id, rank: stageRank(feature), filters: feature.httpFilters?.() ?? [] }))
    .filter(({ filters }) => filters.length > 0)
    .sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
  const filters = installing.flatMap(({ filters }) =>
    filters.map((filter) => ({ disabled: true, ...filter })),
  );
  return [...filters, router()];
}

function stageRank(feature: Feature): number {
  if (feature.stage !== undefined) return FILTER_STAGES.indexOf(feature.stage);
  if (feature.httpFilters === undefined) return 0;
  throw new Error(`feature ${feature.id} installs filters and names no stage`);
}

/**
 * Its own `x-envoy-*` request headers are not suppressed: hashing needs the path as the client sent it, which the
 * router keeps in `x-envoy-original-path`, and the access log shows it. What it says to clients is removed by the
 * RouteConfiguration.
 */
function router(): HttpFilter {
  return {
    name: "envoy.filters.http.router",
    typedConfig: any("envoy.extensions.filters.http.router.v3.Router", {}),
  };
}

import { type Feature, FILTER_STAGES, ipAccessFilter } from "@sluice/feature-api";
import type { GatewaySettings } from "@sluice/model";
import { any, type HttpFilter } from "@sluice/protos";

/**
 * The filters of the connection manager: by stage, between those at its edges, then by feature id, the router last. A filter is disabled unless
 * its feature says otherwise; routes that use it enable it. That of the address lists is there without any feature, since the
 * gateway has lists of its own.
 */
export function httpFilters(features: readonly Feature[], settings: GatewaySettings): readonly HttpFilter[] {
  const own = { id: "ip-access", rank: FILTER_STAGES.indexOf("ip-access"), filters: [ipAccessFilter()] };
  const installing = features
    .map((feature) => ({
      id: feature.id,
      rank: stageRank(feature),
      filters: feature.httpFilters?.(settings) ?? [],
    }))
    .concat(features.flatMap(atEdges), own)
    .filter(({ filters }) => filters.length > 0)
    .sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
  const filters = installing.flatMap(({ filters }) =>
    filters.map((filter) => ({ disabled: true, ...filter })),
  );
  return [...filters, router()];
}

/** A quarter of a rank before or behind what else is of the stage. */
function atEdges({ id, edgeFilters }: Feature) {
  return (edgeFilters?.() ?? []).map(({ stage, edge, filter }) => ({
    id,
    rank: FILTER_STAGES.indexOf(stage) + (edge === "first" ? -0.25 : 0.25),
    filters: [filter],
  }));
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

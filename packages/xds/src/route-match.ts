import type { RouteMatch as RouteMatchModel } from "@sluice/model";
import type { HeaderMatcher, QueryParameterMatcher, RouteMatch } from "@sluice/protos";
import { conditionMatch } from "./condition-match.ts";
import { pathMatch } from "./path-match.ts";

/** A route's match as Envoy has it, and what of it cannot be had. */
export interface MatchResult {
  readonly match: RouteMatch;
  readonly faults: readonly string[];
}

/** Translates all of a match: path, conditions, share. Nothing that is absent is spelled out. */
export function routeMatch(model: RouteMatchModel): MatchResult {
  const headers: HeaderMatcher[] = [];
  const queryParameters: QueryParameterMatcher[] = [];
  const faults: string[] = [];
  for (const condition of model.conditions) {
    const result = conditionMatch(condition);
    if ("header" in result) headers.push(result.header);
    else if ("query" in result) queryParameters.push(result.query);
    else faults.push(`Envoy has no match for ${result.fault}`);
  }
  const match: RouteMatch = {
    ...pathMatch(model.path),
    ...(headers.length > 0 && { headers }),
    ...(queryParameters.length > 0 && { queryParameters }),
    ...(model.below !== undefined && {
      // Without a runtime key: the share is this and nothing else. Envoy draws one random number per request.
      runtimeFraction: { defaultValue: { numerator: model.below, denominator: "MILLION" } },
    }),
  };
  return { match, faults };
}

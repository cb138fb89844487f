import type { EdgeFilter } from "@sluice/feature-api";
import { type Any, any, type HttpFilter, type Route, struct } from "@sluice/protos";
import { CAME_PAST_LIMITS, CAME_TO_BACKEND, REPLACE_ERRORS } from "./error-pages-scripts.ts";

/** Also the namespace of the notes that the scripts leave in a request's dynamic metadata. */
const REPLACE = "sluice.custom-errors";
const PAST_LIMITS = "sluice.custom-errors.past-limits";
const TO_BACKEND = "sluice.custom-errors.to-backend";

/**
 * Where an answer comes from is told by how far its request came: the first filter stands behind the WAF, the second
 * between limits and address lists, the third behind authentication. Answers pass them the other way.
 */
export function errorPagesFilters(): readonly EdgeFilter[] {
  return [
    { stage: "limit", edge: "first", filter: lua(REPLACE, REPLACE_ERRORS) },
    { stage: "limit", edge: "last", filter: lua(PAST_LIMITS, CAME_PAST_LIMITS) },
    { stage: "authz", edge: "last", filter: lua(TO_BACKEND, CAME_TO_BACKEND) },
  ];
}

export interface ErrorPagesData {
  readonly codes: readonly number[];
  /** Name of the cluster that is asked. */
  readonly cluster: string;
  /** Headers that it is told besides those of the request. */
  readonly tell: Readonly<Record<string, string>>;
}

/** Switches the filters on. What differs from route to route is data, and never part of a script. */
export function setErrorPages(out: Route, { codes, cluster, tell }: ErrorPagesData): void {
  const wanted = Object.fromEntries(codes.map((code) => [`${code}`, true]));
  out.typedPerFilterConfig = {
    ...out.typedPerFilterConfig,
    [REPLACE]: perRoute({ codes: wanted, cluster, tell }),
    [PAST_LIMITS]: perRoute(),
    [TO_BACKEND]: perRoute({ codes: wanted }),
  };
}

const SCRIPT = "script";

function lua(name: string, inlineString: string): HttpFilter {
  return {
    name,
    typedConfig: any("envoy.extensions.filters.http.lua.v3.Lua", {
      sourceCodes: { [SCRIPT]: { inlineString } },
    }),
  };
}

function perRoute(context?: Parameters<typeof struct>[0]): Any {
  return any("envoy.extensions.filters.http.lua.v3.LuaPerRoute", {
    name: SCRIPT,
    ...(context !== undefined && { filterContext: struct(context) }),
  });
}

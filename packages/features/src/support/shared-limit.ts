import { CONTROL_PLANE_CLUSTER, type GatewaySettings, LIMIT_ENTRY, type LimitKind } from "@sluice/model";
import {
  any,
  type HttpFilter,
  type RateLimit,
  type RateLimit_Action,
  type Route,
  struct,
} from "@sluice/protos";
import { limitAnswerScript } from "./limit-answer-script.ts";

/**
 * Limits that a service of the control plane counts, for all instances of the gateway or for one Envoy: Envoy asks it about
 * the requests of routes that have such limits, and of no others.
 */
export const SHARED_LIMIT_FILTER = "envoy.filters.http.ratelimit";

/**
 * Tells the service once of each request that it is over. A filter of its own, which never waits for an answer: the one that
 * asks says nothing at the end of a request whose client left while the question was under way, and the service has
 * perhaps made room for it.
 */
const END_FILTER = "sluice.limit-end";

/** Of Envoy's numbers for limits that stand on one route and belong to different filters. */
const END_STAGE = 1;

/** Gives refused requests their answer, on the routes that switch it on. */
const ANSWER_FILTER = "sluice.limit-answer";

const LUA = "envoy.extensions.filters.http.lua.v3.Lua";
const RATE_LIMIT = "envoy.extensions.filters.http.ratelimit.v3.RateLimit";

/** What all features with such limits need, whoever of them installs it. */
export const SHARED_LIMIT_REQUIRES: readonly string[] = [LUA, RATE_LIMIT];

/** Nobody waits longer for the service, which looks no longer than half of it for a store of its own. */
const TIMEOUT_MS = 100;

/** How a request over the limit is answered. A status as text, since it is data of a script. */
export type LimitAnswer =
  | { readonly status: string; readonly type: string; readonly body: string }
  | { readonly status: string; readonly location: string; readonly body: "" };

/** The filters, once for all features. Those that ask are always on: they do nothing on a route without limits. */
export function sharedLimitFilters({
  name = "sluice",
  clientLimitStatus = 503,
}: GatewaySettings): HttpFilter[] {
  const script = { inlineString: limitAnswerScript(clientLimitStatus) };
  return [
    { name: ANSWER_FILTER, typedConfig: any(LUA, { sourceCodes: { answer: script } }) },
    rateLimitFilter(END_FILTER, name, END_STAGE),
    rateLimitFilter(SHARED_LIMIT_FILTER, name),
  ];
}

function rateLimitFilter(name: string, domain: string, stage?: number): HttpFilter {
  return {
    name,
    disabled: false,
    typedConfig: any(RATE_LIMIT, {
      domain,
      ...(stage !== undefined && { stage }),
      timeout: { seconds: 0, nanos: TIMEOUT_MS * 1_000_000 },
      // A service that is away must not take requests with it.
      failureModeDeny: false,
      disableXEnvoyRatelimitedHeader: true,
      rateLimitService: {
        transportApiVersion: "V3",
        grpcService: { envoyGrpc: { clusterName: CONTROL_PLANE_CLUSTER } },
      },
    }),
  };
}

/** Requests per second of an Ingress over all instances. */
export function perSecondLimit(id: string, limit: number): RateLimit {
  return { actions: [constant("ingress", id), constant(LIMIT_ENTRY.perSecond, `${limit}`)] };
}

/** Requests in flight of an Ingress over all instances: asked for at the beginning, and given back at the end. */
export function inFlightLimit(id: string, limit: number): RateLimit[] {
  return beginAndEnd([constant("ingress", id), constant(LIMIT_ENTRY.inFlight, `${limit}`)]);
}

/** Requests in flight of each client of an Ingress on one Envoy. */
export function clientInFlightLimit(
  id: string,
  limit: number,
  more: readonly RateLimit_Action[],
): RateLimit[] {
  return beginAndEnd([
    constant("ingress", id),
    constant(LIMIT_ENTRY.inFlightHere, `${limit}`),
    { remoteAddress: {} },
    ...more,
  ]);
}

function beginAndEnd(actions: readonly RateLimit_Action[]): RateLimit[] {
  const request = { requestHeaders: { headerName: "x-request-id", descriptorKey: LIMIT_ENTRY.request } };
  const begin = [...actions, request];
  return [
    { actions: begin },
    {
      stage: { value: END_STAGE },
      actions: [...begin, constant(LIMIT_ENTRY.done, "true")],
      applyOnStreamDone: true,
    },
  ];
}

function constant(descriptorKey: string, descriptorValue: string): RateLimit_Action {
  return { genericKey: { descriptorKey, descriptorValue } };
}

/** Puts limits on a route besides those that it has, and says how requests over one of this kind are answered, if not by default. */
export function limitRoute(
  out: Route,
  limits: readonly RateLimit[],
  kind: LimitKind,
  answer: LimitAnswer | undefined,
): void {
  if (out.route === undefined) return;
  out.route = { ...out.route, rateLimits: [...(out.route.rateLimits ?? []), ...limits] };
  out.typedPerFilterConfig = { ...out.typedPerFilterConfig, [ANSWER_FILTER]: SWITCHED_ON };
  if (answer === undefined) return;
  const others = out.metadata?.filterMetadata ?? {};
  const fields = { ...others[ANSWER_FILTER]?.fields, ...struct({ [kind]: { ...answer } }).fields };
  out.metadata = { ...out.metadata, filterMetadata: { ...others, [ANSWER_FILTER]: { fields } } };
}

const SWITCHED_ON = any("envoy.extensions.filters.http.lua.v3.LuaPerRoute", { name: "answer" });

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

/** The filters, once for all features. The one that asks is always on: it does nothing on a route without limits. */
export function sharedLimitFilters({
  name = "sluice",
  clientLimitStatus = 503,
}: GatewaySettings): HttpFilter[] {
  const script = { inlineString: limitAnswerScript(clientLimitStatus) };
  return [
    { name: ANSWER_FILTER, typedConfig: any(LUA, { sourceCodes: { answer: script } }) },
    {
      name: SHARED_LIMIT_FILTER,
      disabled: false,
      typedConfig: any(RATE_LIMIT, {
        domain: name,
        timeout: { seconds: 0, nanos: TIMEOUT_MS * 1_000_000 },
        // A service that is away must not take requests with it.
        failureModeDeny: false,
        disableXEnvoyRatelimitedHeader: true,
        rateLimitService: {
          transportApiVersion: "V3",
          grpcService: { envoyGrpc: { clusterName: CONTROL_PLANE_CLUSTER } },
        },
      }),
    },
  ];
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
    { actions: [...begin, constant(LIMIT_ENTRY.done, "true")], applyOnStreamDone: true },
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

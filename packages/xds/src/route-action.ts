import { escapeFormat } from "@sluice/feature-api";
import type { ForwardAction, Mirror, RedirectAction as RedirectModel, RespondAction } from "@sluice/model";
import type {
  HeaderMatcher,
  HeaderValueOption,
  RedirectAction_RedirectResponseCode,
  Route,
  RouteAction_RequestMirrorPolicy,
} from "@sluice/protos";
import { seconds } from "./values.ts";

/** The part of a route that says what happens. */
export type Action = Pick<Route, "route" | "redirect" | "directResponse" | "responseHeadersToAdd">;

/** The refusal that stands in for what cannot be built. */
export const UNAVAILABLE: Action = { directResponse: { status: 503 } };

const MAX_WEIGHT_SUM = 0xffff_ffff;

/** Forwards without Envoy's own time limit of 15 s: no limit unless a feature sets one. */
export function forward(action: ForwardAction, https = false): Action {
  const backends = action.backends
    .filter(({ weight }) => weight > 0)
    .map(({ backend, httpsBackend = backend, weight }) => ({
      backend: https ? httpsBackend : backend,
      weight,
    }));
  const [first, ...others] = backends;
  if (first === undefined) return UNAVAILABLE;
  const common = {
    timeout: seconds(0),
    ...(action.mirror && { requestMirrorPolicies: [mirrorPolicy(action.mirror, https)] }),
  };
  if (others.length === 0) return { route: { cluster: first.backend.name, ...common } };
  const sum = backends.reduce((total, backend) => total + backend.weight, 0);
  // Envoy refuses weights whose sum does not fit 32 bits.
  const scale = sum > MAX_WEIGHT_SUM ? MAX_WEIGHT_SUM / 2 / sum : 1;
  const clusters = backends.map(({ backend, weight }) => ({
    name: backend.name,
    weight: { value: Math.ceil(weight * scale) },
  }));
  return { route: { weightedClusters: { clusters }, ...common } };
}

function mirrorPolicy(
  { backend, httpsBackend = backend, percent, host }: Mirror,
  https: boolean,
): RouteAction_RequestMirrorPolicy {
  return {
    cluster: https ? httpsBackend.name : backend.name,
    ...(percent < 100 && {
      runtimeFraction: { defaultValue: { numerator: percent, denominator: "HUNDRED" } },
    }),
    ...(host !== undefined && { hostRewriteLiteral: host, disableShadowHostSuffixAppend: true }),
  };
}

const REDIRECT_CODES: Readonly<Record<RedirectModel["status"], RedirectAction_RedirectResponseCode>> = {
  301: "MOVED_PERMANENTLY",
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
};

/** An action, and what a request must have for it besides what the route's own match says. */
export interface ConditionalAction {
  readonly action: Action;
  readonly headers: readonly HeaderMatcher[];
}

/** A host and a port; an IPv6 address alone ends in a bracket. */
const HAS_PORT: HeaderMatcher = { name: ":authority", stringMatch: { safeRegex: { regex: ".*:[0-9]+" } } };

/** The request's host without its port, in Envoy's header format. */
const BARE_HOST = "%CEL(re.capture(request.host, '^(.*):[0-9]+$'))%";

/**
 * A redirect, as actions of which the first that applies is taken. `virtualHost` is the name that the request's host
 * matched. Envoy keeps the request's port unless it is given a host or a port. To drop it, an exact host is given as it
 * is; for others, where there is a port to drop, the Location is written out, as no field of a redirect can say that.
 */
export function redirect(
  action: RedirectModel,
  virtualHost: string,
  https: boolean,
): readonly ConditionalAction[] {
  const { keepPort, port } = action;
  const exact = virtualHost.includes("*") ? undefined : virtualHost;
  const host = action.host ?? (keepPort ? undefined : exact);
  const plain = { action: redirectTo(action, host, port), headers: [] };
  if (host !== undefined || port !== undefined || keepPort) return [plain];
  const scheme = action.scheme ?? (https ? "https" : "http");
  return [{ action: withoutPort(action, scheme), headers: [HAS_PORT] }, plain];
}

function withoutPort(action: RedirectModel, scheme: "http" | "https"): Action {
  const path = action.path === undefined ? undefined : escapeFormat(action.path);
  const rest = path ?? (action.stripQuery ? "%PATH(NQ)%" : "%REQ(:PATH)%");
  return {
    directResponse: { status: action.status },
    responseHeadersToAdd: [overwrite("location", `${scheme}://${BARE_HOST}${rest}`)],
  };
}

function redirectTo(action: RedirectModel, host: string | undefined, port: number | undefined): Action {
  return {
    redirect: {
      ...(action.scheme !== undefined && { schemeRedirect: action.scheme }),
      ...(host !== undefined && { hostRedirect: host }),
      ...(port !== undefined && { portRedirect: port }),
      ...(action.path !== undefined && { pathRedirect: action.path }),
      responseCode: REDIRECT_CODES[action.status],
      ...((action.stripQuery || action.path !== undefined) && { stripQuery: true }),
    },
  };
}

/** An answer of the gateway's own. */
export function respond(action: RespondAction): Action {
  const headers = Object.entries(action.headers ?? {}).map(([key, value]) =>
    overwrite(key, escapeFormat(value)),
  );
  return {
    directResponse: {
      status: action.status,
      ...(action.body !== undefined && { body: { inlineString: action.body } }),
    },
    ...(headers.length > 0 && { responseHeadersToAdd: headers }),
  };
}

/** Sets a header to `value`, a format of Envoy's, in place of any other. */
export function overwrite(key: string, value: string): HeaderValueOption {
  return { header: { key, value }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

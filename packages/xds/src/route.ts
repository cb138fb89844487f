import { IP_ACCESS_FILTER, ipAccessOff, type RouteHookContext } from "@sluice/feature-api";
import type { Diagnostic, ForwardAction, Route as RouteModel } from "@sluice/model";
import { checkConstraints, type HeaderMatcher, type Route, type RouteMatch } from "@sluice/protos";
import { shortfall } from "./active-features.ts";
import { constraintDiagnostic } from "./built.ts";
import {
  type Action,
  type ConditionalAction,
  forward,
  redirect,
  respond,
  UNAVAILABLE,
} from "./route-action.ts";
import { routeMatch } from "./route-match.ts";
import type { RouteTable } from "./route-table.ts";
import { routeTracing } from "./tracing.ts";
import type { XdsContext } from "./xds-context.ts";

/** What one route of the model becomes in one table. */
export interface BuiltRoute {
  /** Mostly one. None if the match cannot be had; several, all of the route's name, if the request decides the action. */
  readonly routes: readonly Route[];
  /** Names of the clusters that they refer to. */
  readonly clusters: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Where a route stands. */
export interface RoutePlace {
  readonly table: RouteTable;
  /** The host of its virtual host. */
  readonly host: string;
  readonly context: XdsContext;
}

const ROUTE = "envoy.config.route.v3.Route";

/** Envoy's limit on the body of a direct response, unless the RouteConfiguration raises it. */
const MAX_BODY = 4096;

/**
 * Translates one route. One that breaks a rule of Envoy's API answers 503 and is reported; if it is the match that
 * breaks it, there is nothing to tell its requests by, and it is left out. Others are not touched.
 */
export function buildRoute(model: RouteModel, place: RoutePlace): BuiltRoute {
  const { match, faults } = routeMatch(model.match);
  if (faults.length > 0)
    return { routes: [], clusters: [], diagnostics: [routeDiagnostic(model, faults, LEFT_OUT)] };
  const lack = shortfall(place.context.features, model.policies, model.origins[0]);
  const actions = lack.denied ? [{ action: UNAVAILABLE, headers: [] }] : actionsOf(model, place);
  const tracing = routeTracing(place.context.settings);
  const wanted = actions.flatMap(({ action, headers }) => {
    const open = openRedirect(action, place.context);
    return forms(
      { name: model.name, match: also(match, headers), ...tracing, ...action, ...open },
      model,
      place,
    );
  });
  const built = wanted.map((route) => checked(route, model));
  return {
    routes: built.flatMap(({ route }) => route ?? []),
    clusters: [
      ...built.flatMap(({ route }) => (route === undefined ? [] : clustersOf(route))),
      ...errorPagesCluster(model, place.table.https),
    ],
    diagnostics: [...lack.diagnostics, ...built.flatMap(({ diagnostic }) => diagnostic ?? [])],
  };
}

/** Redirects come before address lists; Envoy would ask the gateway's lists first. */
function openRedirect({ redirect, directResponse }: Action, { settings }: XdsContext): Partial<Route> {
  const status = directResponse?.status ?? 0;
  const isRedirect = redirect !== undefined || (status >= 300 && status < 400);
  if (!isRedirect || settings.ipAccess === undefined) return {};
  return { typedPerFilterConfig: { [IP_ACCESS_FILTER]: ipAccessOff() } };
}

/** What happens to a request that the match takes: the first action whose headers it has. */
function actionsOf(model: RouteModel, place: RoutePlace): readonly ConditionalAction[] {
  const { table, host, context } = place;
  if (table.https || model.httpAction === undefined) return ownActions(model, place, table.https);
  const answers = redirect(model.httpAction, host, table.https);
  if (context.settings.trustedHops === 0) return answers;
  const own = ownActions(model, place, true);
  return [...own.map(({ action, headers }) => ({ action, headers: [...headers, WAS_HTTPS] })), ...answers];
}

/** What a proxy that is believed says of a request that it had over https. */
const WAS_HTTPS: HeaderMatcher = { name: "x-forwarded-proto", stringMatch: { exact: "https" } };

function ownActions(model: RouteModel, place: RoutePlace, https: boolean): readonly ConditionalAction[] {
  const { action: overTls, withoutTls } = model;
  const action = place.table.https ? overTls : (withoutTls ?? overTls);
  if (action.kind === "redirect") return redirect(action, place.host, https);
  if (action.kind === "respond") return [{ action: respond(action), headers: [] }];
  return [{ action: forwarded(model, action, place.context, https), headers: [] }];
}

function forwarded(model: RouteModel, action: ForwardAction, context: XdsContext, https: boolean): Action {
  // Features may trace more, or less.
  const out: Route = { ...routeTracing(context.settings), ...forward(action, https) };
  if (out.route === undefined) return out;
  for (const feature of context.features.active)
    feature.route?.(out, model.policies[feature.id], hookContext(model, context, https));
  return out;
}

/** What features make of a route that answers itself. */
function forms(route: Route, model: RouteModel, { table, context }: RoutePlace): readonly Route[] {
  if (route.route !== undefined) return [route];
  const hooks = hookContext(model, context, table.https);
  return context.features.active.reduce<readonly Route[]>(
    (routes, { id, answers }) =>
      answers === undefined ? routes : routes.flatMap((each) => answers(each, model.policies[id], hooks)),
    [route],
  );
}

function hookContext(
  model: RouteModel,
  { settings: { ipAccess } }: XdsContext,
  https: boolean,
): RouteHookContext {
  const { name, policies, match } = model;
  const [errors] = errorPagesCluster(model, https);
  return {
    routeName: name,
    policies,
    path: match.path,
    https,
    ...(ipAccess !== undefined && { gatewayIpAccess: ipAccess }),
    ...(errors !== undefined && { errorPagesCluster: errors }),
  };
}

/** The cluster that answers in place of errors, if the route has one. Its name stands where only a filter knows it. */
function errorPagesCluster({ action }: RouteModel, https: boolean): readonly string[] {
  if (action.kind !== "forward" || action.errorPages === undefined) return [];
  const { backend, httpsBackend = backend } = action.errorPages;
  return [https ? httpsBackend.name : backend.name];
}

function also(match: RouteMatch, headers: readonly HeaderMatcher[]): RouteMatch {
  return headers.length === 0 ? match : { ...match, headers: [...(match.headers ?? []), ...headers] };
}

const LEFT_OUT = "it is left out";

function checked(
  route: Route,
  model: RouteModel,
): { readonly route?: Route; readonly diagnostic?: Diagnostic } {
  const violations = checkConstraints(ROUTE, route);
  const faults = violations.map(({ path, message }) => `${path} ${message}`);
  if (isTooLong(route)) faults.push(`the body of an answer must have at most ${MAX_BODY} bytes`);
  if (faults.length === 0) return { route };
  if (violations.some(({ path }) => /^match\b/.test(path)))
    return { diagnostic: routeDiagnostic(model, faults, LEFT_OUT) };
  const closed: Route = { name: model.name, match: route.match, ...UNAVAILABLE };
  return { route: closed, diagnostic: routeDiagnostic(model, faults, "it answers 503") };
}

function isTooLong(route: Route): boolean {
  const body = route.directResponse?.body?.inlineString;
  return body !== undefined && Buffer.byteLength(body) > MAX_BODY;
}

function routeDiagnostic(model: RouteModel, faults: readonly string[], instead: string): Diagnostic {
  return constraintDiagnostic(model.origins[0], `Route ${model.name}`, faults, instead);
}

function clustersOf({ route }: Route): readonly string[] {
  const mirrors = (route?.requestMirrorPolicies ?? []).flatMap(({ cluster }) => cluster ?? []);
  if (route?.cluster !== undefined) return [route.cluster, ...mirrors];
  return [...(route?.weightedClusters?.clusters ?? []).flatMap(({ name }) => name ?? []), ...mirrors];
}

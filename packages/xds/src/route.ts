import type { Diagnostic, Route as RouteModel } from "@sluice/model";
import { checkConstraints, type HeaderMatcher, type Route, type RouteMatch } from "@sluice/protos";
import { shortfall } from "./active-features.ts";
import { constraintDiagnostic } from "./built.ts";
import { type Action, forward, redirect, respond, UNAVAILABLE } from "./route-action.ts";
import { routeMatch } from "./route-match.ts";
import type { RouteTable } from "./route-table.ts";
import type { XdsContext } from "./xds-context.ts";

/** What one route of the model becomes in one table. */
export interface BuiltRoute {
  /** None if the match cannot be had; two if a trusted proxy may have spoken https on plain HTTP. */
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
 * breaks it, no request could have matched it, and the route is left out. Others are not touched.
 */
export function buildRoute(model: RouteModel, place: RoutePlace): BuiltRoute {
  const { match, faults } = routeMatch(model.match);
  if (faults.length > 0) return withoutRoute(model, faults);
  const lack = shortfall(place.context.features, model.policies, model.origins[0]);
  const variants = lack.denied ? [{ match, action: UNAVAILABLE }] : variantsOf(model, match, place);
  const built = variants.map(({ match, action }) => checked({ name: model.name, match, ...action }, model));
  return {
    routes: built.flatMap(({ route }) => (route === undefined ? [] : [route])),
    clusters: built.flatMap(({ route }) => (route === undefined ? [] : clustersOf(route))),
    diagnostics: [...lack.diagnostics, ...built.flatMap(({ diagnostics }) => diagnostics)],
  };
}

interface Variant {
  readonly match: RouteMatch;
  readonly action: Action;
}

function variantsOf(model: RouteModel, match: RouteMatch, place: RoutePlace): readonly Variant[] {
  const { table, host, context } = place;
  if (table.https || model.httpAction === undefined) return [{ match, action: ownAction(model, place) }];
  const answer = redirect(model.httpAction, host, table.https);
  if (context.settings.trustedHops === 0) return [{ match, action: answer }];
  // A proxy that is believed may have had the request over https.
  const headers = [...(match.headers ?? []), NOT_HTTPS_BEFORE];
  const https = { ...place, table: { ...table, https: true } };
  return [
    { match: { ...match, headers }, action: answer },
    { match, action: ownAction(model, https) },
  ];
}

const NOT_HTTPS_BEFORE: HeaderMatcher = {
  name: "x-forwarded-proto",
  stringMatch: { exact: "https" },
  invertMatch: true,
  treatMissingHeaderAsEmpty: true,
};

function ownAction(model: RouteModel, { table, host, context }: RoutePlace): Action {
  if (model.action.kind === "redirect") return redirect(model.action, host, table.https);
  if (model.action.kind === "respond") return respond(model.action);
  const out: Route = forward(model.action);
  if (out.route === undefined) return out;
  const hookContext = {
    routeName: model.name,
    policies: model.policies,
    path: model.match.path,
    https: table.https,
  };
  for (const feature of context.features.active)
    feature.route?.(out, model.policies[feature.id], hookContext);
  return out;
}

function checked(
  route: Route,
  model: RouteModel,
): { readonly route?: Route; readonly diagnostics: readonly Diagnostic[] } {
  const violations = checkConstraints(ROUTE, route);
  const faults = violations.map(({ path, message }) => `${path} ${message}`);
  if (isTooLong(route)) faults.push(`the body of an answer must have at most ${MAX_BODY} bytes`);
  if (faults.length === 0) return { route, diagnostics: [] };
  if (violations.some(({ path }) => path.startsWith("match"))) return withoutRoute(model, faults);
  const closed = { name: model.name, ...(route.match && { match: route.match }), ...UNAVAILABLE };
  return { route: closed, diagnostics: [routeDiagnostic(model, faults, "it answers 503")] };
}

function isTooLong(route: Route): boolean {
  const body = route.directResponse?.body?.inlineString;
  return body !== undefined && body.length * 3 > MAX_BODY && Buffer.byteLength(body) > MAX_BODY;
}

function withoutRoute(
  model: RouteModel,
  faults: readonly string[],
): { readonly routes: []; readonly clusters: []; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = [routeDiagnostic(model, faults, "it is left out")];
  return { routes: [], clusters: [], diagnostics };
}

function routeDiagnostic(model: RouteModel, faults: readonly string[], instead: string): Diagnostic {
  return constraintDiagnostic(model.origins[0], `Route ${model.name}`, faults, instead);
}

function clustersOf({ route }: Route): readonly string[] {
  if (route?.cluster !== undefined) return [route.cluster];
  return (route?.weightedClusters?.clusters ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
}

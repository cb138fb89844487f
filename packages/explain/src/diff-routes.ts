import { isDeepStrictEqual } from "node:util";
import type { Route, RouteAction, VirtualHost } from "@sluice/model";
import type { Change, PolicyChange, RouteAspectChange, RouteOrderChange } from "./change.ts";
import { pairRoutes, type RoutePairs } from "./pair-routes.ts";
import { policyChanges, type ShowPolicy } from "./policy-changes.ts";
import { ruleName } from "./rule-name.ts";
import { actionWords, matchWords, originWords, percentWords } from "./words.ts";

/** What changes on the routes of a host that stays, but for the weights of canaries. */
export function diffRoutes(
  before: VirtualHost,
  after: VirtualHost,
  showPolicy: ShowPolicy | undefined,
): Change[] {
  const { host } = after;
  const pairing = pairRoutes(before.routes, after.routes);
  const { pairs } = pairing;
  return [
    ...wholeRoutes("route-removed", host, pairing.removed),
    ...wholeRoutes("route-added", host, pairing.added),
    ...gathered(pairs.flatMap(({ old, young }) => aspects(host, old, young))),
    ...gatheredPolicies(
      host,
      pairs.flatMap(({ old, young }) =>
        policyChanges(old.policies, young.policies, showPolicy).map((change) => ({
          ...change,
          route: young.name,
        })),
      ),
    ),
    ...orderChange(host, pairs, after.routes),
  ];
}

function wholeRoutes(
  kind: "route-added" | "route-removed",
  host: string,
  routes: readonly Route[],
): Change[] {
  return routes
    .filter((route) => !followsWeight(route))
    .map((route) => ({
      kind,
      host,
      route: route.name,
      match: matchWords(route),
      action: actionWords(route.action),
    }));
}

/** Routes that are there only because a canary has a weight, which is told as such. */
function followsWeight(route: Route): boolean {
  const part = ruleName(route)?.part;
  return part === "weight" || part === "not";
}

function aspects(host: string, old: Route, young: Route): RouteAspectChange[] {
  if (old === young) return [];
  const match = matchWords(old);
  const changed = (
    aspect: RouteAspectChange["aspect"],
    before: string,
    after: string,
  ): RouteAspectChange[] =>
    before === after
      ? []
      : [{ kind: "route-changed", host, routes: [young.name], match, aspect, before, after }];
  return [
    ...(followsWeight(old)
      ? []
      : [...changed("name", old.name, young.name), ...changed("match", match, matchWords(young))]),
    ...actionChange(old.action, young.action).flatMap(({ aspect, before, after }) =>
      changed(aspect, before, after),
    ),
    ...changed("http", httpWords(old), httpWords(young)),
    ...(old.name === young.name ? changed("origins", originsWords(old), originsWords(young)) : []),
  ];
}

function actionChange(
  old: RouteAction,
  young: RouteAction,
): { readonly aspect: "action" | "weights"; readonly before: string; readonly after: string }[] {
  if (old.kind === "forward" && young.kind === "forward") {
    const names = ({ backends }: typeof old) => backends.map(({ backend }) => backend.name).sort();
    const isSameMirror = isDeepStrictEqual(old.mirror, young.mirror);
    if (isDeepStrictEqual(names(old), names(young)) && old.backends.length > 1 && isSameMirror)
      return [{ aspect: "weights", before: sharesWords(old), after: sharesWords(young) }];
    return [{ aspect: "action", before: actionWords(old), after: actionWords(young) }];
  }
  const [before, after] = [actionWords(old), actionWords(young)];
  if (before !== after || isDeepStrictEqual(old, young)) return [{ aspect: "action", before, after }];
  return [{ aspect: "action", before: detail(old), after: detail(young) }];
}

function sharesWords({ backends }: RouteAction & { kind: "forward" }): string {
  const sum = backends.reduce((total, { weight }) => total + weight, 0);
  return backends
    .map(({ backend, weight }) => `${backend.name} ${percentWords(sum === 0 ? 0 : (weight / sum) * 100)}`)
    .sort()
    .join(", ");
}

function detail(action: RouteAction): string {
  return `${actionWords(action)} ${JSON.stringify(action)}`;
}

function httpWords({ httpAction }: Route): string {
  return httpAction === undefined ? "the same as HTTPS" : actionWords(httpAction);
}

function originsWords({ origins }: Route): string {
  return origins.map(originWords).join("; ");
}

/** One entry for what changes alike on several routes. */
function gathered(changes: readonly RouteAspectChange[]): RouteAspectChange[] {
  const groups = Map.groupBy(changes, ({ aspect, before, after }) => JSON.stringify([aspect, before, after]));
  return [...groups.values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [{ ...first, routes: [first, ...more].flatMap(({ routes }) => routes) }],
  );
}

function gatheredPolicies(
  host: string,
  changes: readonly (Pick<PolicyChange, "feature" | "fields"> & { readonly route: string })[],
): PolicyChange[] {
  const groups = Map.groupBy(changes, ({ feature, fields }) => JSON.stringify([feature, fields]));
  return [...groups.values()].flatMap((all): PolicyChange[] => {
    const [first] = all;
    if (first === undefined) return [];
    const { feature, fields } = first;
    return [{ kind: "policy", on: { host, routes: all.map(({ route }) => route) }, feature, fields }];
  });
}

/** The first two neighbours that have changed places; one is enough to look at. */
function orderChange(host: string, pairs: RoutePairs["pairs"], after: readonly Route[]): RouteOrderChange[] {
  const place = new Map(after.map((route, index) => [route, index]));
  const placeOf = (route: Route | undefined) => (route === undefined ? -1 : (place.get(route) ?? -1));
  const at = pairs.findIndex(
    ({ young }, index) => index > 0 && placeOf(young) < placeOf(pairs[index - 1]?.young),
  );
  const [first, second] = [pairs[at]?.young.name, pairs[at - 1]?.young.name];
  return first === undefined || second === undefined ? [] : [{ kind: "route-order", host, first, second }];
}

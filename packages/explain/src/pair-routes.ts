import type { Route } from "@sluice/model";
import { ruleName } from "./rule-name.ts";

export interface RoutePairs {
  readonly pairs: readonly { readonly old: Route; readonly young: Route }[];
  readonly removed: readonly Route[];
  readonly added: readonly Route[];
}

/**
 * Which route has become which. A route's name holds the number of its rule, which changes when a rule is put before
 * it; so equal name and match come first, then an equal match of the same Ingress, then the name alone.
 */
export function pairRoutes(before: readonly Route[], after: readonly Route[]): RoutePairs {
  const found = new Map<Route, Route>();
  let old = [...before];
  let young = [...after];
  for (const keyOf of [
    (route: Route) => `${route.name} ${matchKey(route)}`,
    ownerKey,
    ({ name }: Route) => name,
  ]) {
    const waiting = new Map<string, Route[]>();
    for (const route of young) waiting.set(keyOf(route), [...(waiting.get(keyOf(route)) ?? []), route]);
    for (const route of old) {
      const partner = waiting.get(keyOf(route))?.shift();
      if (partner !== undefined) found.set(route, partner);
    }
    const taken = new Set(found.values());
    old = old.filter((route) => !found.has(route));
    young = young.filter((route) => !taken.has(route));
  }
  const pairs = before.flatMap((route) => {
    const partner = found.get(route);
    return partner === undefined ? [] : [{ old: route, young: partner }];
  });
  return { pairs, removed: old, added: young };
}

function matchKey({ match }: Route): string {
  return JSON.stringify([match.path, match.conditions]);
}

function ownerKey(route: Route): string {
  const rule = ruleName(route);
  const [namespace, ingress] = route.name.split("/");
  const owner =
    rule === undefined ? [route.name] : [namespace, ingress, rule.canary, rule.part, rule.isDefault];
  return JSON.stringify([owner, matchKey(route)]);
}

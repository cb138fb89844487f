import type { Route } from "@sluice/model";
import { ruleName } from "./rule-name.ts";

/**
 * Why a route that matches comes behind the one that took the request. Follows the order of rules in a host: exact
 * paths, then the longest path, prefixes before patterns, more conditions, the oldest Ingress; canaries before their
 * main rule; default backends last.
 */
export function orderReason(winner: Route, loser: Route): string {
  const won = ruleName(winner);
  const lost = ruleName(loser);
  if (won === undefined) return `${winner.name} comes first: it is for the whole host`;
  if (lost === undefined) return `${winner.name} comes first`;
  if (won.main === lost.main) {
    if (won.canary !== undefined && won.part !== "not" && lost.canary === undefined)
      return `it takes what canaries leave, and canary ${won.canary} takes the request`;
    return `${winner.name} comes first in the same rule`;
  }
  if (lost.isDefault && !won.isDefault)
    return "a default backend takes only what no rule of the host matches";
  return `${winner.name} comes first: ${precedence(winner, loser)}`;
}

function precedence({ match: winner }: Route, { match: loser }: Route): string {
  const [first, second] = [winner.path, loser.path];
  if (first.kind === "exact" && second.kind !== "exact") return "exact paths go before all others";
  if (first.kind === "prefix" && second.kind === "prefix" && first.value.length > second.value.length)
    return `${first.value} is longer than ${second.value}`;
  // How long the path of a pattern was, as written in its rule, cannot be told from the pattern.
  if (first.kind !== second.kind) return "the longer path goes first, at equal length the prefix";
  if (winner.conditions.length > loser.conditions.length) return "it has more conditions on the same path";
  return first.value === second.value ? "its Ingress is older" : "the longer path goes first";
}

import type { Condition, PathMatch, RouteMatch } from "@sluice/model";
import { compareAge } from "./age.ts";
import type { IngressRoute } from "./ingress-rules.ts";

/**
 * The order of rules in a host: exact paths first; then the longest path as written, prefix and regex together;
 * then prefix before regex, more conditions first, the oldest Ingress first. Default backends come last.
 */
export function compareRoutes(a: IngressRoute, b: IngressRoute): number {
  return (
    Number(a.isDefault) - Number(b.isDefault) ||
    rank(a.draft.path) - rank(b.draft.path) ||
    pathLength(b) - pathLength(a) ||
    Number(a.draft.path.kind === "regex") - Number(b.draft.path.kind === "regex") ||
    b.draft.conditions.length - a.draft.conditions.length ||
    compareAge(a.ingress, b.ingress) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
}

function rank(path: PathMatch): number {
  return path.kind === "exact" ? 0 : 1;
}

function pathLength(route: IngressRoute): number {
  const { path } = route.draft;
  return path.kind === "regex" ? route.rulePath.length : path.value.length;
}

/** Equal for matches that take exactly the same requests as far as can be told from their text. */
export function matchKey(match: Pick<RouteMatch, "path" | "conditions">): string {
  return JSON.stringify([pathKey(match.path), conditionsKey(match.conditions)]);
}

function pathKey(path: PathMatch): unknown {
  return [path.kind, path.value, path.ignoreCase ?? false, path.kind === "regex" && (path.whole ?? false)];
}

/** Equal for equal sets of conditions, in whatever order. */
export function conditionsKey(conditions: readonly Condition[]): string {
  return conditions
    .map((condition) =>
      JSON.stringify([condition.on, condition.name, condition.match, condition.negate ?? false]),
    )
    .sort()
    .join();
}

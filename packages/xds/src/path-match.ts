import { hasEscapes, quotePath } from "@sluice/feature-api";
import type { PathMatch } from "@sluice/model";
import type { RouteMatch } from "@sluice/protos";
import { FALSE } from "./values.ts";

/** The part of a route's match that is about the path, as Envoy has it: without the query, after normalisation. */
export function pathMatch(path: PathMatch): RouteMatch {
  if (path.kind === "regex") return { safeRegex: { regex: pathRegex(path) } };
  if (path.kind === "exact" && path.value === "/") return { safeRegex: { regex: ROOT } };
  if (hasEscapes(path.value)) return { safeRegex: { regex: escapedPathRegex(path) } };
  const caseSensitive = path.ignoreCase ? { caseSensitive: FALSE } : {};
  if (path.kind === "exact") return { path: path.value, ...caseSensitive };
  // Envoy's prefix by path element cannot be "/", and carries no slash at its end.
  if (path.value === "/") return { prefix: "/" };
  return { pathSeparatedPrefix: path.value, ...caseSensitive };
}

/** Envoy merges slashes to one, but of a path that is nothing but slashes it leaves two: `//` must not get round a rule for `/`. */
const ROOT = "//?";

/** Only a regex takes an escape in either case: a rule must not be got round by writing `%e4` for `%E4`. */
function escapedPathRegex({ kind, value, ignoreCase }: PathMatch): string {
  const flags = ignoreCase ? "(?i)" : "";
  return `${flags}${quotePath(value)}${kind === "prefix" ? "(?:/.*)?" : ""}`;
}

/** Envoy demands that a regex matches the whole path; ours need only match at its start, unless `whole`. */
function pathRegex(path: PathMatch & { kind: "regex" }): string {
  const flags = path.ignoreCase ? "(?i)" : "";
  return path.whole ? `${flags}${path.value}` : `${flags}(?:${path.value}).*`;
}

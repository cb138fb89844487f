import type { Resource } from "@sluice/model";
import type { Rendering } from "../../gateway/rendering.ts";
import type { DebugTarget } from "../page.ts";

/** The rendering that `rendering` in the query names, by default the full one; a sentence if there is none. */
export function findRendering(
  { controlPlane }: DebugTarget,
  query: URLSearchParams,
): Rendering | { readonly fault: string } {
  const wanted = query.get("rendering") ?? "full";
  const renderings = controlPlane.renderings();
  const names = renderings.map(({ name }) => JSON.stringify(name)).join(", ");
  return (
    renderings.find(({ name }) => name === wanted) ?? {
      fault: `There is no rendering ${JSON.stringify(wanted)}; there are: ${names}.`,
    }
  );
}

/** The resources of a type, sorted by name. */
export function resourcesOf({ resources }: Rendering, typeUrl: string): Resource[] {
  return [...resources.values()].filter((resource) => resource.typeUrl === typeUrl).sort(byName);
}

/** In the order of code units, as keys of pages are compared. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

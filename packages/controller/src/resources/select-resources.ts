import type { Resource } from "@sluice/model";
import { typeRank } from "./resource-types.ts";

export interface Selection {
  /** Type URLs. Empty: all. */
  readonly typeUrls: readonly string[];
  /** Names, in which `*` stands for any text. Empty: all. */
  readonly names: readonly string[];
}

/** The selected resources, by type, then name. */
export function selectResources(resources: readonly Resource[], selection: Selection): readonly Resource[] {
  const { typeUrls, names } = selection;
  return resources
    .filter(({ typeUrl }) => typeUrls.length === 0 || typeUrls.includes(typeUrl))
    .filter(({ name }) => names.length === 0 || names.some((glob) => matchesGlob(name, glob)))
    .sort((a, b) => typeRank(a.typeUrl) - typeRank(b.typeUrl) || (a.name < b.name ? -1 : 1));
}

/** Whether a name is what a pattern says, in which `*` stands for any text, slashes and nothing included. */
export function matchesGlob(name: string, glob: string): boolean {
  const [first = "", ...rest] = glob.split("*");
  const last = rest.pop();
  if (last === undefined) return name === glob;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

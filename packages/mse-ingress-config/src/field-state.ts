import type { ReadSpec } from "./read-spec.ts";

/** Whether a field was given and cannot be used, by itself or with a group around it. */
export function isBad({ bad }: ReadSpec, field: string): boolean {
  return [...bad].some((path) => path === field || field.startsWith(`${path}.`));
}

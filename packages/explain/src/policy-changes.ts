import { isDeepStrictEqual } from "node:util";
import type { Policies } from "@sluice/model";
import type { FieldChange } from "./change.ts";
import { showable } from "./showable.ts";

export type ShowPolicy = (feature: string, policy: unknown) => unknown;

/** Which features' policies differ, and in which fields. */
export function policyChanges(
  before: Policies,
  after: Policies,
  show: ShowPolicy = (_feature, policy) => policy,
): { readonly feature: string; readonly fields: readonly FieldChange[] }[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((feature) => {
    const [old, young] = [before[feature], after[feature]];
    if (isDeepStrictEqual(old, young)) return [];
    const shown = (policy: unknown) => (policy === undefined ? undefined : showable(show(feature, policy)));
    const fields = fieldChanges(shown(old), shown(young), "");
    // What differs may be bytes, or what a feature does not show.
    return [{ feature, fields: fields.length > 0 ? fields : [HIDDEN] }];
  });
}

const HIDDEN: FieldChange = { field: "", before: "(not shown)", after: "(not shown either, but different)" };

/** Down to the first value that is no object on both sides. Lists are compared as a whole. */
function fieldChanges(before: unknown, after: unknown, field: string): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isRecord(before) && isRecord(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .sort()
      .flatMap((key) => fieldChanges(before[key], after[key], field === "" ? key : `${field}.${key}`));
  return [
    {
      field,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { Style } from "@sluice/explain";
import { type Resource, type ResourceRef, resourceKey } from "@sluice/model";
import type { Json } from "@sluice/protos";
import { printable } from "../terminal/printable.ts";
import { type JsonChange, jsonDiff } from "./json-diff.ts";
import { resourceJson } from "./resource-json.ts";
import { RESOURCE_TYPES } from "./resource-types.ts";
import { selectResources } from "./select-resources.ts";

export interface ResourceDiff {
  readonly added: readonly ResourceRef[];
  readonly removed: readonly ResourceRef[];
  /** Without changes to show if only secret values differ. */
  readonly changed: readonly (ResourceRef & { readonly changes: readonly JsonChange[] })[];
}

/** What differs between two sets of resources, by type, then name. Shows no secret. */
export function diffResources(before: readonly Resource[], after: readonly Resource[]): ResourceDiff {
  const all = { typeUrls: [], names: [] };
  const old = new Map(before.map((resource) => [resourceKey(resource), resource]));
  const now = new Map(after.map((resource) => [resourceKey(resource), resource]));
  return {
    added: selectResources(after, all)
      .filter((one) => !old.has(resourceKey(one)))
      .map(refOf),
    removed: selectResources(before, all)
      .filter((one) => !now.has(resourceKey(one)))
      .map(refOf),
    changed: selectResources(after, all).flatMap((resource) => {
      const former = old.get(resourceKey(resource));
      if (former === undefined || former.version === resource.version) return [];
      return [{ ...refOf(resource), changes: jsonDiff(resourceJson(former), resourceJson(resource)) }];
    }),
  };
}

export function isSame({ added, removed, changed }: ResourceDiff): boolean {
  return added.length + removed.length + changed.length === 0;
}

/** One line a resource, `+`, `-` or `~`, and below it what changes in it. Ends in a newline. */
export function renderResourceDiff(diff: ResourceDiff, style: Style): string {
  if (isSame(diff)) return "No resource differs.\n";
  const lines = [
    ...diff.removed.map((ref) => `${style.bad("-")} ${title(ref)}`),
    ...diff.added.map((ref) => `${style.good("+")} ${title(ref)}`),
    ...diff.changed.flatMap(({ changes, ...ref }) => [
      `${style.warn("~")} ${title(ref)}`,
      ...(changes.length === 0
        ? ["    (secret values)"]
        : changes.map((change) => changeLine(change, style))),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

const MAX_VALUE = 200;

function changeLine({ path, before, after }: JsonChange, style: Style): string {
  return `    ${style.dim(`${printable(path)}:`)} ${value(before)} → ${value(after)}`;
}

function value(json: Json | undefined): string {
  if (json === undefined) return "(absent)";
  const text = JSON.stringify(json);
  return printable(text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text);
}

function title({ typeUrl, name }: ResourceRef): string {
  const type = RESOURCE_TYPES.find((one) => one.typeUrl === typeUrl);
  return printable(`${type?.names[0] ?? typeUrl} ${name}`);
}

function refOf({ typeUrl, name }: Resource): ResourceRef {
  return { typeUrl, name };
}

import type { Json } from "@sluice/protos";

/** One value that differs between two JSON documents. Absent on one side: it comes or goes. */
export interface JsonChange {
  /** `routes[shop/web/0/0].route.timeout`; items of a list by name if they have one, else by number. */
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** What differs, as few and as small values as possible. Equal documents have no changes. */
export function jsonDiff(before: Json, after: Json, path = ""): readonly JsonChange[] {
  if (isList(before) && isList(after)) return listDiff(before, after, path);
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      entryDiff(before[name], after[name], path === "" ? name : `${path}.${name}`),
    );
  }
  return before === after ? [] : [{ path, before, after }];
}

function entryDiff(before: Json | undefined, after: Json | undefined, path: string): readonly JsonChange[] {
  if (before === undefined) return after === undefined ? [] : [{ path, after }];
  return after === undefined ? [{ path, before }] : jsonDiff(before, after, path);
}

function listDiff(before: readonly Json[], after: readonly Json[], path: string): readonly JsonChange[] {
  const old = byName(before);
  const now = byName(after);
  if (old === undefined || now === undefined) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, at) => at).flatMap((at) =>
      entryDiff(before[at], after[at], `${path}[${at}]`),
    );
  }
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((name) =>
    entryDiff(old.get(name), now.get(name), `${path}[${name}]`),
  );
  const kept = [...old.keys()].filter((name) => now.has(name));
  const order = [...now.keys()].filter((name) => old.has(name));
  if (kept.every((name, at) => name === order[at])) return changes;
  return [...changes, { path: `${path} in order`, before: kept, after: order }];
}

/** Items by name; of several with one name the later ones are numbered. Undefined if one has no name. */
function byName(items: readonly Json[]): Map<string, Json> | undefined {
  const found = new Map<string, Json>();
  const counts = new Map<string, number>();
  for (const item of items) {
    const name = isObject(item) ? item.name : undefined;
    if (typeof name !== "string") return undefined;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    found.set(count === 1 ? name : `${name}#${count}`, item);
  }
  return found;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !isList(value);
}

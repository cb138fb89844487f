/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** `extra` laid over `base`: objects by key, lists by appending, all else replaced. Neither is changed. */
export function mergeJson(base: JsonObject, extra: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(extra)) {
    const present = base[key];
    if (isObject(present) && isObject(value)) merged[key] = mergeJson(present, value);
    else if (isList(present) && isList(value)) merged[key] = [...present, ...value];
    else merged[key] = value;
  }
  return merged;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../packages/controller/src/resources/resource-json.ts";

type Json = JsonObject[string];

/** Fields that say what something is: they stay, for orientation. */
const NAMES = ["@type", "name", "clusterName"];

/**
 * The parts of resources that are there in `after` and not in `before`, each with the names of what it is a part of. A resource
 * that is new is there whole.
 */
export function excerpt(before: readonly JsonObject[], after: readonly JsonObject[]): readonly JsonObject[] {
  return after.flatMap((resource) => {
    const old = before.find((other) => identity(other) === identity(resource));
    if (old === undefined) return [resource];
    const news = newIn(old, resource);
    return isObject(news) ? [news] : [];
  });
}

function identity(resource: JsonObject): string {
  return `${resource["@type"]} ${resource.name ?? resource.clusterName}`;
}

/** What is new in `after`, or undefined. */
function newIn(before: Json | undefined, after: Json): Json | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  if (isList(before) && isList(after)) return newInList(before, after);
  if (!isObject(before) || !isObject(after)) return after;
  const fields = Object.entries(after).flatMap(([name, value]): [string, Json][] => {
    const news = newIn(before[name], value);
    return news === undefined ? [] : [[name, news]];
  });
  if (fields.length === 0) return undefined;
  const own = Object.entries(after).filter(([name]) => NAMES.includes(name));
  return Object.fromEntries([...own, ...fields]);
}

/** Items are told apart by their names; those without are new or not as a whole. */
function newInList(before: readonly Json[], after: readonly Json[]): Json | undefined {
  const items = after.flatMap((item): Json[] => {
    if (before.some((other) => isDeepStrictEqual(other, item))) return [];
    const named = isObject(item) ? item.name : undefined;
    const old = before.filter((other) => isObject(other) && named !== undefined && other.name === named);
    const twins = after.filter((other) => isObject(other) && other.name === named);
    const news = old.length === 1 && twins.length === 1 ? newIn(old[0], item) : item;
    return news === undefined ? [] : [news];
  });
  return items.length === 0 ? undefined : items;
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

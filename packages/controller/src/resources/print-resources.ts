import { displayName, type KubeObject, type ObjectRef, objectKey, type Resource } from "@sluice/model";
import { stringify } from "yaml";
import { resourceJson } from "./resource-json.ts";

/** Says where an object stands; undefined if no file holds it. */
export type WhereIs = (object: ObjectRef) => string | undefined;

/** `file:line` of each object. */
export function whereObjectsAre(objects: readonly KubeObject[]): WhereIs {
  const places = new Map<string, string>();
  for (const { kind, metadata, location } of objects)
    if (location !== undefined)
      places.set(objectKey({ kind, ...metadata }), `${location.file}:${location.line}`);
  return (object) => places.get(objectKey(object));
}

/** Texts that YAML 1.1 takes for something else, such as `yes`, are quoted: not all readers know 1.2. */
const YAML = { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" } as const;

/** A stream of YAML documents, one a resource; with `whereIs` each is led by comments that name its origins. */
export function resourcesAsYaml(resources: readonly Resource[], whereIs?: WhereIs): string {
  return resources
    .map((resource) => {
      const origins =
        whereIs === undefined ? [] : resource.origins.map(({ object }) => originLine(object, whereIs));
      const body = stringify(resourceJson(resource), YAML);
      return `---\n${origins.join("")}${body}`;
    })
    .join("");
}

/** A JSON list of resources; with `whereIs` its items are `{ origins, resource }`. */
export function resourcesAsJson(resources: readonly Resource[], whereIs?: WhereIs): string {
  const items = resources.map((resource) => {
    const body = resourceJson(resource);
    if (whereIs === undefined) return body;
    const origins = resource.origins.map(({ object }) => {
      const location = whereIs(object);
      return location === undefined ? object : { ...object, location };
    });
    return { origins, resource: body };
  });
  return `${JSON.stringify(items, null, 2)}\n`;
}

function originLine(object: ObjectRef, whereIs: WhereIs): string {
  const place = whereIs(object);
  return `# ${object.kind} ${displayName(object)}${place === undefined ? "" : ` (${place})`}\n`.replace(
    /[\r\n\u0085\u2028\u2029](?=.)/g,
    " ",
  );
}

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

/** Resources, and whose they are where that is to be said. */
export interface ResourceGroup {
  readonly gateway?: string;
  readonly resources: readonly Resource[];
}

/**
 * A stream of YAML documents, one a resource, led by a comment that names its gateway where there is one, and with `whereIs` by
 * comments that name its origins.
 */
export function resourcesAsYaml(groups: readonly ResourceGroup[], whereIs?: WhereIs): string {
  return groups
    .flatMap(({ gateway, resources }) => resources.map((resource) => ({ gateway, resource })))
    .map(({ gateway, resource }) => {
      const origins =
        whereIs === undefined ? [] : resource.origins.map(({ object }) => originLine(object, whereIs));
      const body = stringify(resourceJson(resource), YAML);
      const whose = gateway === undefined ? "" : commentLine(`gateway ${gateway}`);
      return `---\n${whose}${origins.join("")}${body}`;
    })
    .join("");
}

/**
 * A JSON list of resources. Where there is a gateway, or with `whereIs`, its items are `{ gateway, origins, resource }`, without what
 * there is not.
 */
export function resourcesAsJson(groups: readonly ResourceGroup[], whereIs?: WhereIs): string {
  const items = groups.flatMap(({ gateway, resources }) =>
    resources.map((resource) => {
      const body = resourceJson(resource);
      if (gateway === undefined && whereIs === undefined) return body;
      return {
        ...(gateway !== undefined && { gateway }),
        ...(whereIs !== undefined && { origins: originsOf(resource, whereIs) }),
        resource: body,
      };
    }),
  );
  return `${JSON.stringify(items, null, 2)}\n`;
}

function originsOf(resource: Resource, whereIs: WhereIs) {
  return resource.origins.map(({ object }) => {
    const location = whereIs(object);
    return location === undefined ? object : { ...object, location };
  });
}

function originLine(object: ObjectRef, whereIs: WhereIs): string {
  const place = whereIs(object);
  return commentLine(`${object.kind} ${displayName(object)}${place === undefined ? "" : ` (${place})`}`);
}

function commentLine(text: string): string {
  return `# ${text.replace(/[\r\n\u0085\u2028\u2029]/g, " ")}\n`;
}

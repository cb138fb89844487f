import { type Diagnostic, type Origin, objectKey, type Resource, type ResourceRef } from "@sluice/model";
import { hash, type ResourceTypeUrl } from "@sluice/protos";

/** A resource, and what there is to say about the objects behind it. */
export interface Built {
  readonly resource: Resource;
  readonly diagnostics: readonly Diagnostic[];
}

/** What a resource is made of, besides what follows from it. */
export interface ResourceParts {
  readonly typeUrl: ResourceTypeUrl;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly origins?: readonly Origin[];
  readonly dependsOn?: readonly ResourceRef[];
  readonly background?: boolean;
  readonly shared?: boolean;
}

/** A resource with its version, the objects behind it each once and sorted, its dependencies each once and sorted. */
export function makeResource(parts: ResourceParts): Resource {
  const objects = (parts.origins ?? []).map(({ object }) => ({ object }));
  return {
    typeUrl: parts.typeUrl,
    name: parts.name,
    bytes: parts.bytes,
    version: hash(parts.bytes),
    origins: sortedBy(objects, ({ object }) => objectKey(object)),
    dependsOn: sortedBy(parts.dependsOn ?? [], (ref) => `${ref.typeUrl}\u0000${ref.name}`),
    ...(parts.background === true ? { background: true } : {}),
    ...(parts.shared === true ? { shared: true } : {}),
  };
}

function sortedBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  if (items.length < 2) return items;
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** Says that what an object asks for breaks a rule of Envoy's API, and what happens instead. */
export function constraintDiagnostic(
  origin: Origin | undefined,
  what: string,
  faults: readonly string[],
  instead: string,
): Diagnostic {
  return {
    code: "resource-constraint",
    severity: "error",
    ...(origin && { origin }),
    message: `${what} cannot be given to Envoy (${faults.join("; ")}); ${instead}.`,
  };
}

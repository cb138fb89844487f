import { type Resource, resourceKey } from "@sluice/model";

/** One version of a resource as the world and its nodes pass it around, with what is computed of it once. */
export interface Form {
  readonly key: string;
  readonly resource: Resource;
  readonly version: string;
  /** Keys of `resource.dependsOn`. */
  readonly deps: readonly string[];
  /** Revision of the world in which this form came. */
  readonly revision: number;
}

export function formOf(resource: Resource, revision: number): Form {
  return {
    key: resourceKey(resource),
    resource,
    version: resource.version,
    deps: resource.dependsOn.map(resourceKey),
    revision,
  };
}

/** Whether two forms are the same to a node: equal bytes, equal dependencies. */
export function sameForm(a: Form, b: Form): boolean {
  return (
    a.version === b.version && a.deps.length === b.deps.length && a.deps.every((dep, i) => dep === b.deps[i])
  );
}

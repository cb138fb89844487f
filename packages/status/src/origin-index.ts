import { type ObjectKey, objectKey, type Resource, type ResourceRef, resourceKey } from "@sluice/model";

/** Which resources each Ingress shapes, for the nodes of one rendering; kept by what is rendered. */
export interface OriginIndex {
  /** Notes the resource. `left` are Ingresses that shaped it before and do not any more. */
  rendered(resource: Resource): { readonly left: readonly ObjectKey[] };
  dropped(ref: ResourceRef): { readonly left: readonly ObjectKey[] };
  /** Keys of the resources that the Ingress shapes. */
  of(ingress: ObjectKey): Iterable<string>;
  /** The resource that was rendered last under a key. */
  resource(key: string): Resource | undefined;
}

export function createOriginIndex(): OriginIndex {
  const resources = new Map<string, Resource>();
  const shaped = new Map<ObjectKey, Set<string>>();

  const replace = (key: string, next: Resource | undefined): readonly ObjectKey[] => {
    const before = ingressesOf(resources.get(key));
    const after = ingressesOf(next);
    if (next === undefined) resources.delete(key);
    else resources.set(key, next);
    const left: ObjectKey[] = [];
    for (const ingress of before) {
      if (after.has(ingress)) continue;
      left.push(ingress);
      const keys = shaped.get(ingress);
      if (keys?.delete(key) && keys.size === 0) shaped.delete(ingress);
    }
    for (const ingress of after) {
      const keys = shaped.get(ingress);
      if (keys === undefined) shaped.set(ingress, new Set([key]));
      else keys.add(key);
    }
    return left;
  };
  return {
    rendered: (resource) => ({ left: replace(resourceKey(resource), resource) }),
    dropped: (ref) => ({ left: replace(resourceKey(ref), undefined) }),
    of: (ingress) => shaped.get(ingress) ?? [],
    resource: (key) => resources.get(key),
  };
}

function ingressesOf(resource: Resource | undefined): ReadonlySet<ObjectKey> {
  const found = new Set<ObjectKey>();
  for (const { object } of resource?.origins ?? [])
    if (object.kind === "Ingress") found.add(objectKey(object));
  return found;
}

import type { KubeObject } from "@sluice/model";

/**
 * Orders objects by age, oldest first: `creationTimestamp`, then namespace and name. Objects without a timestamp
 * come last. Where Ingresses disagree, this order decides.
 */
export function compareAge(a: KubeObject, b: KubeObject): number {
  const timeA = a.metadata.creationTimestamp ?? Number.POSITIVE_INFINITY;
  const timeB = b.metadata.creationTimestamp ?? Number.POSITIVE_INFINITY;
  if (timeA !== timeB) return timeA < timeB ? -1 : 1;
  const nameA = `${a.metadata.namespace}/${a.metadata.name}`;
  const nameB = `${b.metadata.namespace}/${b.metadata.name}`;
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0;
}

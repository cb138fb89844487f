import { createHash } from "node:crypto";
import { withoutOwn } from "./own-annotations.ts";
import { isRawObject, type RawObject } from "./raw-object.ts";

/** A copy of the whole manifest that `kubectl apply` leaves behind. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Tells the forms of an Ingress apart by what its authors say: spec and annotations, but for those that Sluice writes.
 * `metadata.generation` does not, since it stays when annotations change. Another object of the same contents has another
 * revision. Takes an object as the API server gives it; one that is none of an Ingress's shape has a revision, too.
 */
export function ingressRevision(raw: RawObject): string {
  const metadata = isRawObject(raw.metadata) ? raw.metadata : {};
  const { [LAST_APPLIED]: _, ...annotations } = withoutOwn(textsOf(metadata.annotations));
  const told = canonical([metadata.uid ?? "", raw.spec ?? {}, annotations]);
  return createHash("sha256").update(told).digest("hex").slice(0, 12);
}

function textsOf(value: unknown): Record<string, string> {
  if (!isRawObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

/** JSON with the fields of objects in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isRawObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

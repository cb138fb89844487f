import { ingressRevision, narrowObject, type RawObject } from "@sluice/kubernetes-objects";
import type { Diagnostic, Kind, KubeObject } from "@sluice/model";

export interface NarrowedItem {
  readonly object: KubeObject | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Of an Ingress, also of one that cannot be used. */
  readonly revision: string | undefined;
}

/** Kinds of which nobody reads labels and annotations, once narrowed: endpoints change often, Secrets must not leak. */
const BARE: ReadonlySet<Kind> = new Set<Kind>(["EndpointSlice", "Secret", "ConfigMap"]);
/** A copy of the whole manifest, also of a Secret's, that `kubectl apply` leaves behind. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The object of the model behind an item of a list or of a watch, without what nobody reads. */
export function narrowItem(kind: Kind, apiVersion: string, item: RawObject): NarrowedItem {
  const diagnostics: Diagnostic[] = [];
  // Items of lists carry neither, and those of metadata-only requests carry others.
  const raw = { ...item, apiVersion, kind };
  // Before narrowing, which takes bad elements out of lists.
  const revision = kind === "Ingress" ? ingressRevision(item) : undefined;
  const object = narrowObject(raw, { report: ({ diagnostic }) => diagnostics.push(diagnostic) });
  return { object: object && withRevision(slim(object), revision), diagnostics, revision };
}

function withRevision<T extends KubeObject>(object: T, revision: string | undefined): T {
  return revision === undefined ? object : { ...object, metadata: { ...object.metadata, revision } };
}

function slim<T extends KubeObject>(object: T): T {
  const { metadata } = object;
  if (BARE.has(object.kind)) return { ...object, metadata: { ...metadata, labels: {}, annotations: {} } };
  if (!(LAST_APPLIED in metadata.annotations)) return object;
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations;
  return { ...object, metadata: { ...metadata, annotations } };
}

import type { KubeObject, ObjectMeta, ObjectRef } from "@sluice/model";
import { isoTime } from "./time.ts";

/** The reference to an object. */
export function refOf({ kind, metadata }: KubeObject): ObjectRef {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

/**
 * An object as it may be shown. Of a Secret, data and annotations are lengths only: `kubectl apply` leaves a copy of
 * the data in an annotation. Everything else, ConfigMaps included, is what its author did not call secret.
 */
export function showObject(object: KubeObject): Readonly<Record<string, unknown>> {
  const { location: _, metadata, ...rest } = object;
  if (object.kind !== "Secret") return { ...rest, metadata: showMeta(metadata) };
  return {
    kind: object.kind,
    type: object.type,
    metadata: {
      ...showMeta(metadata),
      annotations: mapValues(metadata.annotations, (text) => bytes(text.length)),
    },
    data: mapValues(object.data, (value) => bytes(value.length)),
  };
}

function showMeta(metadata: ObjectMeta): Readonly<Record<string, unknown>> {
  const created = isoTime(metadata.creationTimestamp);
  const { creationTimestamp: _, ...rest } = metadata;
  return created === undefined ? rest : { ...rest, creationTimestamp: created };
}

function bytes(length: number): string {
  return `(${length} bytes)`;
}

function mapValues<V>(
  record: Readonly<Record<string, V>>,
  map: (value: V) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

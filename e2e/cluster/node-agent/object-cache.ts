import type { KubeApi } from "../src/kube-api.ts";
import type { KubeObject } from "../src/objects.ts";
import { reflect } from "../src/reflect.ts";

/** A ConfigMap or a Secret. */
export interface DataObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  /** Of a ConfigMap. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface ObjectId {
  readonly resource: "configmaps" | "secrets";
  readonly namespace: string;
  readonly name: string;
}

/** The ConfigMaps and Secrets that Pods of the node refer to, each watched once, by name, as a kubelet does. */
export interface ObjectCache {
  /** Calls back with the object as soon as it is known and after each change; undefined: there is none. Returns how to end that. */
  subscribe(id: ObjectId, onChange: (object: DataObject | undefined) => void): () => void;
}

interface Watched {
  readonly stop: AbortController;
  readonly listeners: Set<(object: DataObject | undefined) => void>;
  known: { readonly object: DataObject | undefined } | undefined;
}

export function createObjectCache(api: KubeApi): ObjectCache {
  const watched = new Map<string, Watched>();

  const follow = async (path: string, entry: Watched): Promise<void> => {
    for await (const objects of reflect<DataObject>(api, path, entry.stop.signal)) {
      const [object] = objects.values();
      if (entry.known && entry.known.object?.metadata.resourceVersion === object?.metadata.resourceVersion)
        continue;
      entry.known = { object };
      for (const tell of entry.listeners) tell(object);
    }
  };
  return {
    subscribe({ resource, namespace, name }, onChange) {
      const path = `/api/v1/namespaces/${namespace}/${resource}?fieldSelector=metadata.name=${name}`;
      let entry = watched.get(path);
      if (entry === undefined) {
        entry = { stop: new AbortController(), listeners: new Set(), known: undefined };
        watched.set(path, entry);
        void follow(path, entry);
      }
      const mine = entry;
      mine.listeners.add(onChange);
      if (mine.known) onChange(mine.known.object);
      return () => {
        mine.listeners.delete(onChange);
        if (mine.listeners.size > 0 || watched.get(path) !== mine) return;
        mine.stop.abort();
        watched.delete(path);
      };
    },
  };
}

/** The decoded values of a ConfigMap or Secret by key. */
export function valuesOf(
  object: DataObject,
  resource: ObjectId["resource"],
): ReadonlyMap<string, Uint8Array> {
  const base64 = Object.entries((resource === "secrets" ? object.data : object.binaryData) ?? {});
  const plain = Object.entries((resource === "secrets" ? undefined : object.data) ?? {});
  return new Map([
    ...base64.map(([key, value]) => [key, Buffer.from(value, "base64")] as const),
    ...plain.map(([key, value]) => [key, Buffer.from(value)] as const),
  ]);
}

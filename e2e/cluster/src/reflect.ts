import { setTimeout as delay } from "node:timers/promises";
import type { KubeApi } from "./kube-api.ts";
import type { KubeObject, List } from "./objects.ts";

/**
 * Yields all objects of a collection by namespace/name, once they are listed and again after each change; the map is
 * the same one, changed. Goes on through errors and absences of the API server, by listing anew, until the signal.
 * `path` is a collection's, such as `/api/v1/pods`, and may have a query.
 */
export async function* reflect<T extends KubeObject>(
  api: KubeApi,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ReadonlyMap<string, T>, void> {
  while (!signal.aborted) {
    try {
      yield* listAndWatch<T>(api, path, signal);
    } catch {
      // Whatever it was, a new list is the answer; the pause spares a server that is not there.
      await delay(100, undefined, { signal }).catch(() => {});
    }
  }
}

async function* listAndWatch<T extends KubeObject>(
  api: KubeApi,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ReadonlyMap<string, T>, void> {
  const { items, metadata } = await api.send<List<T>>("GET", path, { signal });
  // Only the list's own fields are missing, and nobody here reads them.
  const objects = new Map(items.map((item) => [key(item), item as T]));
  yield objects;
  const query = `${path.includes("?") ? "&" : "?"}watch=true&resourceVersion=${metadata.resourceVersion}`;
  for await (const { type, object } of api.watch<T>(path + query, signal)) {
    if (type === "DELETED") objects.delete(key(object));
    else if (type === "ADDED" || type === "MODIFIED") objects.set(key(object), object);
    yield objects;
  }
}

function key({
  metadata: { namespace = "", name },
}: {
  metadata: { namespace?: string; name: string };
}): string {
  return `${namespace}/${name}`;
}

/**
 * Resolves with the objects of a collection as soon as `holds` says so, however many changes that takes. It waits for
 * as long as the caller's test may last.
 */
export async function until<T extends KubeObject>(
  api: KubeApi,
  path: string,
  holds: (objects: readonly T[]) => boolean,
): Promise<readonly T[]> {
  const stop = new AbortController();
  try {
    for await (const objects of reflect<T>(api, path, stop.signal)) {
      const all = [...objects.values()];
      if (holds(all)) return all;
    }
    throw new Error("a reflection ended that nobody ended");
  } finally {
    stop.abort();
  }
}

import { setTimeout as delay } from "node:timers/promises";
import type { KubeApi } from "../src/kube-api.ts";
import type { FileContent } from "./atomic-folder.ts";
import { fieldValue, type Place } from "./fields.ts";
import { type ObjectCache, type ObjectId, valuesOf } from "./object-cache.ts";
import type { FilesFrom, VolumeSources } from "./pod.ts";

export type Files = ReadonlyMap<string, FileContent>;

export interface SourceContext {
  readonly api: KubeApi;
  readonly cache: ObjectCache;
  readonly place: () => Place;
  readonly signal: AbortSignal;
}

/** The mode of files when nothing is said. */
const DEFAULT_MODE = 0o644;

/**
 * Tells the files of one source of a volume, now and after each change, until the signal. `undefined`: they cannot be
 * had yet, and the Pod waits.
 */
export function followSource(
  source: VolumeSources,
  mode: number | undefined,
  context: SourceContext,
  onFiles: (files: Files | undefined) => void,
): void {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap) {
    followObject("configmaps", configMap.name ?? "", configMap, mode, context, onFiles);
  } else if (secret) {
    followObject("secrets", secret.secretName ?? secret.name ?? "", secret, mode, context, onFiles);
  } else if (downwardAPI) {
    const files = new Map<string, FileContent>();
    for (const item of downwardAPI.items ?? []) {
      const value = fieldValue(item, context.place());
      if (value === undefined) return;
      const fileMode = item.mode ?? downwardAPI.defaultMode ?? mode ?? DEFAULT_MODE;
      files.set(item.path, { data: Buffer.from(value), mode: fileMode });
    }
    onFiles(files);
  } else if (serviceAccountToken) {
    void followToken(serviceAccountToken, mode ?? DEFAULT_MODE, context, onFiles);
  }
}

function followObject(
  resource: ObjectId["resource"],
  name: string,
  from: FilesFrom,
  mode: number | undefined,
  { cache, place, signal }: SourceContext,
  onFiles: (files: Files | undefined) => void,
): void {
  const { namespace = "default" } = place().pod.metadata;
  const end = cache.subscribe({ resource, namespace, name }, (object) => {
    if (object === undefined) return onFiles(from.optional ? new Map() : undefined);
    onFiles(select(valuesOf(object, resource), from, mode));
  });
  signal.addEventListener("abort", end, { once: true });
}

function select(
  values: ReadonlyMap<string, Uint8Array>,
  { items, defaultMode, optional = false }: FilesFrom,
  mode: number | undefined,
): Files | undefined {
  const common = defaultMode ?? mode ?? DEFAULT_MODE;
  const files = new Map<string, FileContent>();
  for (const item of items ?? [...values.keys()].map((key) => ({ key, path: key, mode: common }))) {
    const data = values.get(item.key);
    if (data !== undefined) files.set(item.path, { data, mode: item.mode ?? common });
    else if (!optional) return undefined;
  }
  return files;
}

/** A token that is bound to the Pod, replaced when four fifths of its life are over, as a kubelet does. */
async function followToken(
  wanted: NonNullable<VolumeSources["serviceAccountToken"]>,
  mode: number,
  { api, place, signal }: SourceContext,
  onFiles: (files: Files) => void,
): Promise<void> {
  const { pod } = place();
  const { namespace = "default", name, uid } = pod.metadata;
  const account = pod.spec.serviceAccountName ?? "default";
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const body = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      ...(wanted.audience !== undefined && { audiences: [wanted.audience] }),
      expirationSeconds: wanted.expirationSeconds ?? 3600,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
    },
  };
  while (!signal.aborted) {
    let lifeMs = 1000;
    try {
      const answer = await api.send<{ status: { token: string; expirationTimestamp: string } }>(
        "POST",
        path,
        {
          body,
          signal,
        },
      );
      onFiles(new Map([[wanted.path, { data: Buffer.from(answer.status.token), mode }]]));
      lifeMs = Math.max(lifeMs, (Date.parse(answer.status.expirationTimestamp) - Date.now()) * 0.8);
    } catch {
      // An account that is not there yet, or an API server that is away: asked again.
    }
    await delay(lifeMs, undefined, { signal, ref: false }).catch(() => {});
  }
}

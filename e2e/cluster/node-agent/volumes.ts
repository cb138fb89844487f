import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "./atomic-folder.ts";
import type { Container, Volume, VolumeSources } from "./pod.ts";
import type { Mount } from "./sandbox.ts";
import { type Files, followSource, type SourceContext } from "./volume-source.ts";

/** The volumes of a Pod as folders of the machine, kept up to date until the signal of the context. */
export interface Volumes {
  /** Resolves when all are there; never, while something that they need is missing. */
  readonly ready: Promise<void>;
  /** What to mount into a container. Throws for a volume that there is not. */
  mounts(container: Container): readonly Mount[];
}

export function createVolumes(folder: string, context: SourceContext): Volumes {
  const volumes = context.place().pod.spec.volumes ?? [];
  const made = new Map<string, { readonly path: string; readonly readOnly: boolean }>();
  const waits = volumes.map((volume) => {
    const path = volume.hostPath?.path ?? join(folder, "volumes", volume.name);
    const plain = volume.emptyDir !== undefined || volume.hostPath !== undefined;
    made.set(volume.name, { path, readOnly: !plain });
    if (volume.emptyDir) {
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o777);
    }
    return plain ? Promise.resolve() : filled(path, volume, context);
  });
  return {
    ready: Promise.all(waits).then(() => {}),
    mounts: ({ name: container, volumeMounts = [] }) =>
      volumeMounts.map(({ name, mountPath, readOnly = false, subPath }) => {
        const volume = made.get(name);
        if (volume === undefined)
          throw new Error(`container ${container} mounts ${name}, which is no volume`);
        const target = join("/", mountPath);
        return {
          source: subPath === undefined ? volume.path : inVolume(volume, subPath),
          target,
          readOnly: readOnly || volume.readOnly,
        };
      }),
  };
}

/** A part of a volume as it is now: like a kubelet's, it does not follow later changes of a ConfigMap or Secret. */
function inVolume({ path, readOnly }: { path: string; readOnly: boolean }, subPath: string): string {
  const full = join(path, subPath);
  if (!readOnly) mkdirSync(full, { recursive: true });
  return realpathSync(full);
}

/** Resolves when the volume has been written for the first time. */
function filled(path: string, volume: Volume, context: SourceContext): Promise<void> {
  const sources: readonly VolumeSources[] = volume.projected?.sources ?? [volume];
  const parts: (Files | undefined)[] = sources.map(() => undefined);
  return new Promise((resolve) => {
    const write = (): void => {
      // Later sources win. What has been lost since stays as it was.
      const files = parts.flatMap((part) => (part === undefined ? [] : [part]));
      if (files.length < parts.length) return;
      writeAtomically(path, new Map(files.flatMap((part) => [...part])));
      resolve();
    };
    sources.forEach((source, at) => {
      followSource(source, volume.projected?.defaultMode, context, (files) => {
        if (files === undefined || context.signal.aborted) return;
        parts[at] = files;
        write();
      });
    });
    if (sources.length === 0) write();
  });
}

import { lstatSync, statSync } from "node:fs";
import type { Diagnostic } from "@sluice/model";
import type { FileRegistry } from "./file-registry.ts";
import { type Manifest, parseManifest } from "./parse-manifest.ts";
import { readText, reasonOf, unreadable } from "./read-text.ts";
import { endsShort, formOf, type TextForm } from "./text-form.ts";

/** Files whose content is in the registry, read again when they have changed. */
export interface TrackedFiles {
  /** Looks at the file and takes over what has changed since the last look; a file that has gone goes in a moment. */
  check(path: string): void;
  /** Takes the file out at once. */
  drop(path: string): void;
  has(path: string): boolean;
  paths(): Iterable<string>;
  close(): void;
}

export interface TrackOptions {
  readonly settleMs: number;
  /** Whether a file that is absent may go; asked when it is found absent, and again after the wait. */
  readonly mayVanish: (path: string) => boolean;
  readonly onDrop: (path: string) => void;
  /** Called after a wait has ended, with the registry changed. */
  readonly onSettled: () => void;
}

interface Tracked {
  signature: string;
  /** The file had just been written when it was read: a further write may have the same times. */
  fresh: boolean;
  /** The last content that could be parsed. */
  good: Manifest | undefined;
  /** The form of that content's text. */
  form: TextForm | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Kernels stamp files with the time of their last tick, so two writes within one look alike. */
const TICK_MS = 20;

/**
 * Tracks files. What looks like the middle of a write waits for `settleMs` without a further change: a file (also an empty
 * one) that defines fewer objects than before or ends in another way, as one does that a program writes line by line, and
 * one that is gone (some editors remove and write anew). Everything else counts at once.
 */
export function trackFiles(registry: FileRegistry, options: TrackOptions): TrackedFiles {
  const tracked = new Map<string, Tracked>();

  const drop = (path: string): void => {
    clearTimeout(tracked.get(path)?.timer);
    tracked.delete(path);
    registry.update(path, undefined);
    options.onDrop(path);
  };
  const later = (path: string, file: Tracked, then: () => void): void => {
    file.timer = setTimeout(() => {
      file.timer = undefined;
      if (probeFile(path).signature === file.signature) then();
      else check(path);
      options.onSettled();
    }, options.settleMs);
  };
  const read = (path: string, file: Tracked): void => {
    const result = readText(path);
    const manifest = "text" in result ? parseManifest(path, result.text, file.good) : undefined;
    if (!("text" in result) || manifest?.valid !== true) {
      const diagnostics = "text" in result ? (manifest?.diagnostics ?? []) : [result.problem];
      registry.update(path, { objects: file.good?.objects ?? [], diagnostics });
      return;
    }
    const accept = (): void => {
      file.good = manifest;
      file.form = formOf(result.text);
      registry.update(path, manifest);
    };
    if (looksPartial(file, manifest, result.text)) later(path, file, accept);
    else accept();
  };
  const vanish = (path: string, file: Tracked): void => {
    if (!options.mayVanish(path)) return;
    registry.fade(path);
    later(path, file, () => options.mayVanish(path) && drop(path));
  };
  const check = (path: string): void => {
    const probe = probeFile(path);
    const known = tracked.get(path);
    if (probe.state === "absent" && known === undefined) return;
    const file = known ?? {
      signature: "",
      fresh: false,
      good: undefined,
      form: undefined,
      timer: undefined,
    };
    tracked.set(path, file);
    const same = file.signature === probe.signature && !file.fresh;
    if (same && (probe.state !== "absent" || file.timer !== undefined)) return;
    clearTimeout(file.timer);
    file.timer = undefined;
    file.signature = probe.signature;
    file.fresh = probe.state === "present" && Math.abs(Date.now() - probe.changedMs) < TICK_MS;
    if (probe.state === "present") read(path, file);
    else if (probe.state === "absent") vanish(path, file);
    else registry.update(path, { objects: file.good?.objects ?? [], diagnostics: [probe.problem] });
  };

  return {
    check,
    drop,
    has: (path) => tracked.has(path),
    paths: () => tracked.keys(),
    close() {
      for (const file of tracked.values()) clearTimeout(file.timer);
      tracked.clear();
    },
  };
}

function looksPartial(before: Tracked, manifest: Manifest, text: string): boolean {
  if (manifest.objects.length < (before.good?.objects.length ?? 0)) return true;
  return before.form !== undefined && endsShort(before.form, text);
}

type Probe = { readonly signature: string } & (
  | { readonly state: "present"; readonly changedMs: number }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly problem: Diagnostic }
);

/** What tells a version of a file from another, without reading it. */
function probeFile(path: string): Probe {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined) {
      const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = stats;
      return {
        state: "present",
        signature: [dev, ino, size, mtimeNs, ctimeNs].join(),
        changedMs: Number(ctimeMs),
      };
    }
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
      return { state: "absent", signature: "absent" };
    return broken(path, "its symbolic link leads nowhere");
  } catch (error) {
    return broken(path, reasonOf(error));
  }
}

function broken(path: string, reason: string): Probe {
  return { state: "unreadable", signature: `unreadable: ${reason}`, problem: unreadable(path, reason) };
}

import { existsSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import type { Diagnostic } from "@sluice/model";
import type { FileRegistry } from "./file-registry.ts";
import type { FolderWatches } from "./folder-watches.ts";
import { createLinkTargets } from "./link-targets.ts";
import { entryType, isHidden, isManifestName, listFolder } from "./list-files.ts";
import { type TrackedFiles, trackFiles } from "./tracked-files.ts";

export interface FileTreeOptions {
  readonly registry: FileRegistry;
  readonly watches: FolderWatches;
  readonly settleMs: number;
  readonly mayVanish: (path: string) => boolean;
  /** Whether a folder is watched for the sake of others, too. */
  readonly isWatchedElsewhere: (folder: string) => boolean;
  readonly onDrop: (path: string) => void;
  readonly onSettled: () => void;
}

/** The folders that are followed and the files in them. Each event leads to a look at what is there now. */
export class FileTree {
  readonly files: TrackedFiles;
  /** Folders that cannot be read. */
  readonly problems = new Map<string, Diagnostic>();
  readonly #options: FileTreeOptions;
  readonly #folders = new Set<string>();
  readonly #withLinks = new Set<string>();
  readonly #links = createLinkTargets();

  constructor(options: FileTreeOptions) {
    this.#options = options;
    const { registry, settleMs, mayVanish, onSettled } = options;
    const onDrop = (path: string): void => {
      this.#forgetLink(path);
      options.onDrop(path);
    };
    this.files = trackFiles(registry, { settleMs, mayVanish, onDrop, onSettled });
  }

  has(folder: string): boolean {
    return this.#folders.has(folder);
  }

  /** Something happened to the entry of a watched folder, or (without a name) to any of them. */
  onEvent(folder: string, name: string | undefined): void {
    for (const link of this.#links.to(folder, name)) this.checkFile(link);
    if (!this.#folders.has(folder)) return;
    // The visible names of a mounted ConfigMap lead through the hidden link `..data`.
    if (name === undefined && !isFolder(folder)) this.leave(folder);
    else if (name === undefined || (isHidden(name) && this.#withLinks.has(folder))) this.scan(folder);
    else if (!isHidden(name)) this.#checkEntry(join(folder, name));
  }

  /** Reads a folder with all below it anew: enters new folders, checks all files, leaves what is gone. */
  scan(folder: string): void {
    for (const path of [...this.problems.keys()]) if (isIn(path, folder)) this.problems.delete(path);
    const listing = listFolder(folder, this.#options.watches.watch);
    for (const path of listing.folders) {
      this.#folders.add(path);
      if (listing.withLinks.has(path)) this.#withLinks.add(path);
      else this.#withLinks.delete(path);
    }
    for (const problem of listing.problems) this.problems.set(problem.location?.file ?? folder, problem);
    const listed = new Set([...listing.files, ...listing.folders]);
    for (const path of [...this.#folders]) if (isIn(path, folder) && !listed.has(path)) this.#leaveOne(path);
    for (const path of listing.files) this.checkFile(path);
    for (const path of [...this.files.paths()]) {
      if (path !== folder && isIn(path, folder) && !listed.has(path)) this.checkFile(path);
    }
  }

  checkFile(path: string): void {
    const before = this.#links.folderOf(path);
    const target = this.#links.note(path);
    if (target !== undefined) {
      this.#options.watches.watch(target);
      this.#withLinks.add(dirname(path));
    }
    if (before !== undefined && before !== target) this.#release(before);
    this.files.check(path);
  }

  /** Stops following a folder with all below it; its files go if they are absent. */
  leave(folder: string): void {
    for (const path of [...this.#folders]) if (isIn(path, folder)) this.#leaveOne(path);
    for (const path of [...this.files.paths()]) if (isIn(path, folder)) this.checkFile(path);
  }

  #checkEntry(path: string): void {
    if (isFolder(path)) {
      if (this.files.has(path)) this.files.drop(path);
      this.scan(path);
      return;
    }
    if (this.#folders.has(path)) this.leave(path);
    if (isManifestName(basename(path)) || this.files.has(path)) this.checkFile(path);
  }

  #leaveOne(folder: string): void {
    this.#folders.delete(folder);
    this.#withLinks.delete(folder);
    this.problems.delete(folder);
    this.#release(folder);
  }

  #forgetLink(path: string): void {
    const target = this.#links.folderOf(path);
    this.#links.forget(path);
    if (target !== undefined) this.#release(target);
  }

  #release(folder: string): void {
    const needed =
      this.#folders.has(folder) || this.#links.has(folder) || this.#options.isWatchedElsewhere(folder);
    if (!needed) this.#options.watches.unwatch(folder);
  }
}

/** Whether the path is a folder; false also if that cannot be told, since reading it as a file says why. */
export function isFolder(path: string): boolean {
  try {
    return entryType(path) === "folder";
  } catch {
    return false;
  }
}

/** Whether the path is the folder or lies below it. */
export function isIn(path: string, folder: string): boolean {
  if (path === folder) return true;
  if (folder === ".") return path !== ".." && !path.startsWith(`..${sep}`) && !path.startsWith(sep);
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The nearest folder above the path that exists. */
export function nearestFolder(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

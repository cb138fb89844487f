import { readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Diagnostic } from "@sluice/model";
import { reasonOf, unreadable } from "./read-text.ts";

/** What a path is, with symbolic links followed. */
export type EntryType = "file" | "folder" | "other" | "absent";

/** The type of what is at the path; `absent` also for a link that leads nowhere. */
export function entryType(path: string): EntryType {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "absent";
  return stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
}

/**
 * Whether a name in a folder is hidden: not read, nor entered if it is a folder. A mounted ConfigMap keeps its data in
 * `..2024_01_01…` folders behind the link `..data`; its visible names are links through it.
 */
export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/** Whether a file of this name in a folder holds manifests. */
export function isManifestName(name: string): boolean {
  return !isHidden(name) && /\.(?:yaml|yml|json)$/.test(name);
}

/** What is in a folder and its sub-folders. */
export interface Listing {
  readonly files: string[];
  readonly folders: string[];
  /** The folders that hold visible symbolic links. */
  readonly withLinks: Set<string>;
  readonly problems: Diagnostic[];
}

/** Some links to a large tree, or between folders, can make a tree without end. */
export const MAX_FOLDERS = 10_000;

/**
 * Lists a folder with all below it, sorted by path. Links to a folder above, which make circles, are not entered, nor more
 * than {@link MAX_FOLDERS} folders. `enter` is called with each folder before it is read, so that a watch set there
 * misses nothing.
 */
export function listFolder(folder: string, enter: (folder: string) => void = () => {}): Listing {
  const listing: Listing = { files: [], folders: [], withLinks: new Set(), problems: [] };
  walk(folder, foldersAbove(folder), listing, enter);
  if (listing.folders.length >= MAX_FOLDERS) {
    listing.problems.push(
      unreadable(folder, `it holds more than ${MAX_FOLDERS} folders, and not all are read`),
    );
  }
  return listing;
}

/** All of them, so that a folder looks the same whether it is listed alone or with one above it. */
function foldersAbove(folder: string): Set<string> {
  const above = new Set<string>();
  for (let path = dirname(resolve(folder)); ; path = dirname(path)) {
    above.add(realOrItself(path));
    if (dirname(path) === path) return above;
  }
}

function realOrItself(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function walk(
  folder: string,
  above: ReadonlySet<string>,
  into: Listing,
  enter: (folder: string) => void,
): void {
  if (into.folders.length >= MAX_FOLDERS) return;
  try {
    const real = realpathSync(folder);
    if (above.has(real)) return;
    const inside = new Set(above).add(real);
    into.folders.push(folder);
    enter(folder);
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (isHidden(entry.name)) continue;
      const path = join(folder, entry.name);
      const link = entry.isSymbolicLink();
      if (link) into.withLinks.add(folder);
      if (entry.isDirectory() || (link && safeType(path) === "folder")) walk(path, inside, into, enter);
      else if (isManifestName(entry.name)) into.files.push(path);
    }
  } catch (error) {
    into.problems.push(unreadable(folder, reasonOf(error)));
  }
}

function safeType(path: string): EntryType {
  try {
    return entryType(path);
  } catch {
    // A circle of links, or no permission: reading it as a file says which.
    return "absent";
  }
}

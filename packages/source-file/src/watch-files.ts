import { existsSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import type { Diagnostic } from "@sluice/model";
import type { Store } from "@sluice/store";
import { createBurst } from "./burst.ts";
import { createFileRegistry } from "./file-registry.ts";
import { FileTree, isFolder, isIn, nearestFolder } from "./file-tree.ts";
import { createFolderWatches } from "./folder-watches.ts";
import { unreadable } from "./read-text.ts";

/** Where a file source logs to; a pino logger is one. */
export interface FileSourceLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface WatchFilesOptions {
  /** Folders and files. A file is read whatever its extension. Standard input cannot be watched. */
  readonly paths: readonly string[];
  readonly store: Store;
  readonly log?: FileSourceLog;
  /** How long what looks like the middle of a write must stay as it is before it counts, in milliseconds; default 75. */
  readonly settleMs?: number;
}

/** A running source of objects from files. */
export interface FileSource {
  /** Stops watching. The objects stay in the store. */
  close(): void;
}

/** Events of one write come within a millisecond or two. */
const QUIET_MS = 3;
const MAX_DELAY_MS = 30;
const SETTLE_MS = 75;
const SOURCE = "file";

/**
 * Fills the store from files and follows their changes. Resolves when all files have been read once. A burst of
 * changes is one `apply`. The source counts as synced when each path has been there once: a mount that is late must
 * not look like an empty configuration. For the same reason a folder among the paths that disappears keeps its objects.
 */
export async function watchFiles(options: WatchFilesOptions): Promise<FileSource> {
  const watcher = new FileWatcher(options);
  watcher.start();
  return { close: () => watcher.close() };
}

interface FolderEvent {
  readonly folder: string;
  readonly name: string | undefined;
}

/** The paths that were named, and what happens to them. */
class FileWatcher {
  readonly #store: Store;
  readonly #log: FileSourceLog | undefined;
  readonly #source: { synced(): void };
  readonly #registry = createFileRegistry();
  readonly #roots: ReadonlySet<string>;
  readonly #unseen: Set<string>;
  /** The folder in which an absent root, or one of the folders above it, will appear. */
  readonly #waiting = new Map<string, string>();
  readonly #problems = new Map<string, Diagnostic>();
  readonly #tree: FileTree;
  readonly #watches = createFolderWatches(
    (folder, name) => this.#events.add(JSON.stringify([folder, name])),
    (folder, reason) => this.#onWatchFailure(folder, reason),
  );
  // Events as text, so that equal ones are one.
  readonly #events = createBurst<string>((burst) => this.#onBurst(burst), {
    quietMs: QUIET_MS,
    maxMs: MAX_DELAY_MS,
  });

  #soon: NodeJS.Immediate | undefined;

  constructor({ paths, store, log, settleMs = SETTLE_MS }: WatchFilesOptions) {
    this.#store = store;
    this.#log = log;
    this.#source = store.registerSource(SOURCE);
    this.#roots = new Set(paths.map(trimmed));
    this.#unseen = new Set(this.#roots);
    this.#tree = new FileTree({
      registry: this.#registry,
      watches: this.#watches,
      settleMs,
      mayVanish: (path) => this.#mayVanish(path),
      isWatchedElsewhere: (folder) => this.#isParentOfRoot(folder),
      onDrop: (path) => {
        if (this.#roots.has(path)) this.#problems.set(path, absent(path));
      },
      onSettled: () => this.#publishSoon(),
    });
  }

  start(): void {
    for (const root of this.#roots) this.#checkRoot(root);
    this.#publish();
  }

  close(): void {
    this.#events.close();
    clearImmediate(this.#soon);
    this.#tree.files.close();
    this.#watches.close();
  }

  #onBurst(burst: ReadonlySet<string>): void {
    for (const text of burst) {
      const [folder, name]: [string, string | null] = JSON.parse(text);
      this.#onEvent({ folder, name: name ?? undefined });
    }
    this.#publish();
  }

  #onEvent({ folder, name }: FolderEvent): void {
    const path = name === undefined ? undefined : join(folder, name);
    if (path !== undefined && this.#roots.has(path)) this.#checkRoot(path);
    else this.#tree.onEvent(folder, name);
    for (const root of this.#roots) {
      const isLost = dirname(root) === folder && !existsSync(folder);
      if (isLost || this.#waiting.get(root) === folder) this.#checkRoot(root);
    }
  }

  #checkRoot(root: string): void {
    this.#awaitRoot(root);
    if (!existsSync(root) && !this.#tree.files.has(root)) {
      this.#problems.set(root, absent(root));
      return;
    }
    this.#problems.delete(root);
    this.#unseen.delete(root);
    if (isFolder(root)) {
      if (this.#tree.files.has(root)) this.#tree.files.drop(root);
      this.#tree.scan(root);
      return;
    }
    if (this.#tree.has(root)) this.#tree.leave(root);
    this.#tree.checkFile(root);
  }

  /** Watches the folder of the root, which tells when it is replaced; or the nearest one that exists. */
  #awaitRoot(root: string): void {
    const folder = nearestFolder(root);
    const before = this.#waiting.get(root);
    if (existsSync(root)) this.#waiting.delete(root);
    else this.#waiting.set(root, folder);
    if (folder !== root) this.#watches.watch(folder);
    if (
      before !== undefined &&
      before !== folder &&
      !this.#isParentOfRoot(before) &&
      !this.#tree.has(before)
    ) {
      this.#watches.unwatch(before);
    }
  }

  #isParentOfRoot(folder: string): boolean {
    return [...this.#roots].some((root) => dirname(root) === folder || this.#waiting.get(root) === folder);
  }

  /** A file may go if the folder that was named is still there. */
  #mayVanish(path: string): boolean {
    for (const root of this.#roots) if (path !== root && isIn(path, root)) return existsSync(root);
    return true;
  }

  /** Once for all waits that end together, such as those of the files of a removed folder. */
  #publishSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#publish();
    });
  }

  #publish(): void {
    const change = this.#registry.takeChange();
    const { set, removed } = change;
    this.#store.graph.batch(() => {
      this.#store.apply(change);
      this.#store.setDiagnostics(SOURCE, [
        ...this.#problems.values(),
        ...this.#tree.problems.values(),
        ...this.#registry.diagnostics(),
      ]);
    });
    if (set.length + removed.length > 0) {
      this.#log?.debug({ set: set.length, removed: removed.length }, "Read changed files");
    }
    if (this.#unseen.size === 0) this.#source.synced();
  }

  #onWatchFailure(folder: string, reason: string): void {
    // That a folder is gone is told by the one above it.
    if (existsSync(folder))
      this.#log?.warn({ folder, reason }, "Cannot watch a folder; its changes go unnoticed");
  }
}

function absent(path: string): Diagnostic {
  return unreadable(path, "there is no such file or folder");
}

function trimmed(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith(sep) ? normal.slice(0, -1) : normal;
}

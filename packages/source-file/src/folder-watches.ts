import { existsSync, type FSWatcher, statSync, watch } from "node:fs";
import { basename } from "node:path";
import { reasonOf } from "./read-text.ts";

/** Watches on single folders: one for all files in a folder, so their number follows the folders. */
export interface FolderWatches {
  /** Watches the folder; anew if another one has taken its place. */
  watch(folder: string): void;
  unwatch(folder: string): void;
  close(): void;
}

/**
 * Built on `fs.watch` (inotify on Linux), which names the entry of an event, so that a change in a folder of 10,000 files
 * costs one look at one file. `onEvent` gets the folder and the name, if the system tells one. `onFailure`: the folder
 * cannot be watched.
 */
export function createFolderWatches(
  onEvent: (folder: string, name: string | undefined) => void,
  onFailure: (folder: string, reason: string) => void,
): FolderWatches {
  const watches = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();

  const drop = (folder: string): void => {
    watches.get(folder)?.watcher.close();
    watches.delete(folder);
  };

  const onRaw = (folder: string, name: string | null): void => {
    // inotify tells of the folder itself under its own name. It may have been replaced, even by one with the same
    // inode number, and then the watch is dead.
    const isSelf = name === basename(folder);
    if (isSelf) {
      drop(folder);
      if (existsSync(folder)) open(folder);
    }
    onEvent(folder, isSelf ? undefined : (name ?? undefined));
  };
  const open = (folder: string): void => {
    try {
      const { dev, ino } = statSync(folder);
      const identity = `${dev}:${ino}`;
      if (watches.get(folder)?.identity === identity) return;
      drop(folder);
      const watcher = watch(folder, (_event, name) => {
        if (watches.get(folder)?.watcher === watcher) onRaw(folder, name);
      });
      watcher.on("error", (error) => {
        if (watches.get(folder)?.watcher === watcher) drop(folder);
        onFailure(folder, reasonOf(error));
      });
      watches.set(folder, { watcher, identity });
    } catch (error) {
      drop(folder);
      onFailure(folder, reasonOf(error));
    }
  };

  return {
    watch: open,
    unwatch: drop,
    close() {
      for (const folder of [...watches.keys()]) drop(folder);
    },
  };
}

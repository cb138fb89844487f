import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";

/** Which files are symbolic links, by the folder and the name of what they lead to. */
export interface LinkTargets {
  /** Notes where the path leads now; returns the folder that must be watched for it, if it is a link. */
  note(path: string): string | undefined;
  /** The folder of the target that was noted last. */
  folderOf(path: string): string | undefined;
  forget(path: string): void;
  /** The links that lead to the entry of the folder, or to any in it if no name is given. */
  to(folder: string, name: string | undefined): readonly string[];
  /** Whether any link leads into the folder. */
  has(folder: string): boolean;
}

/** No links yet. A write to the target of a link raises no event in the folder of the link, so targets are watched too. */
export function createLinkTargets(): LinkTargets {
  const byPath = new Map<string, string>();
  const byFolder = new Map<string, Map<string, string>>();

  const forget = (path: string): void => {
    const folder = byPath.get(path);
    if (folder === undefined) return;
    byPath.delete(path);
    const paths = byFolder.get(folder);
    paths?.delete(path);
    if (paths?.size === 0) byFolder.delete(folder);
  };

  return {
    note(path) {
      forget(path);
      const real = targetOf(path);
      if (real === undefined) return undefined;
      const folder = dirname(real);
      byPath.set(path, folder);
      byFolder.set(folder, (byFolder.get(folder) ?? new Map<string, string>()).set(path, basename(real)));
      return folder;
    },
    folderOf: (path) => byPath.get(path),
    forget,
    to(folder, name) {
      const paths = [...(byFolder.get(folder) ?? [])];
      return paths.filter(([, target]) => name === undefined || target === name).map(([path]) => path);
    },
    has: (folder) => byFolder.has(folder),
  };
}

function targetOf(path: string): string | undefined {
  try {
    if (!lstatSync(path).isSymbolicLink()) return undefined;
    return realpath(path) ?? resolve(realpathSync(dirname(path)), readlinkSync(path));
  } catch {
    // It is gone, or its folder is: whoever reads it reports that.
    return undefined;
  }
}

/** Where a link leads in the end; nothing if there is nothing there (yet). */
function realpath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export interface FileContent {
  readonly data: Uint8Array;
  readonly mode: number;
}

/**
 * Replaces all files of a volume at one moment, as a kubelet does: the files are in a folder with the time in its name,
 * `..data` is a link to it that is replaced by a rename, and what users see are links through `..data`.
 */
export function writeAtomically(folder: string, files: ReadonlyMap<string, FileContent>): void {
  mkdirSync(folder, { recursive: true });
  const stamp = new Date().toISOString().replaceAll(/[-:T]/g, "_").slice(0, 19);
  const fresh = mkdtempSync(join(folder, `..${stamp}.`));
  for (const [path, { data, mode }] of files) {
    const file = join(fresh, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data, { mode });
    // Whatever the umask is.
    chmodSync(file, mode);
  }
  const before = currentOf(folder);
  const link = join(folder, "..data_tmp");
  symlinkSync(fresh.slice(folder.length + 1), link);
  renameSync(link, join(folder, "..data"));
  const tops = new Set([...files.keys()].map((path) => path.split("/")[0] ?? ""));
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("..") && !tops.delete(name)) rmSync(join(folder, name));
  }
  for (const name of tops) symlinkSync(join("..data", name), join(folder, name));
  if (before !== undefined) rmSync(join(folder, before), { recursive: true, force: true });
}

function currentOf(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, "..data"));
  } catch {
    return undefined;
  }
}

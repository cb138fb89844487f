import { lstat, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A folder with files as the kubelet mounts a Secret: each is a link through `..data`, which points at the folder of the
 * present version and is replaced in one step.
 */
export async function writeSecretVolume(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const version = `..${process.hrtime.bigint()}`;
  await mkdir(join(folder, version), { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, version, name), content);
  await symlink(version, join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  for (const name of Object.keys(files)) {
    const link = join(folder, name);
    const isThere = await lstat(link).then(
      () => true,
      () => false,
    );
    if (!isThere) await symlink(join("..data", name), link);
  }
}

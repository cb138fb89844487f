import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder } from "@sluice/envoy";

/** A redis-server that can be started. */
export interface RedisBinary {
  readonly path: string;
  /** Where its libraries are, for LD_LIBRARY_PATH; empty: where the system has them. */
  readonly libraries: readonly string[];
}

/** Folder of the cache with one folder for each version that was fetched. */
export function redisFolder(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), "redis");
}

/** The redis-server of `SLUICE_REDIS`, of PATH, or of the cache, in this order; `undefined`: there is none. */
export function findRedis(env: NodeJS.ProcessEnv = process.env): RedisBinary | undefined {
  const installed = [
    ...(env.SLUICE_REDIS ? [env.SLUICE_REDIS] : []),
    ...(env.PATH ?? "").split(delimiter).map((folder) => join(folder, "redis-server")),
  ].find(isProgram);
  if (installed !== undefined) return { path: installed, libraries: [] };
  const folder = redisFolder(env);
  return names(folder)
    .filter((name) => !name.startsWith("."))
    .sort()
    .reverse()
    .map((version) => unpacked(join(folder, version)))
    .find((redis) => isProgram(redis.path));
}

/** What Debian's packages look like when they are unpacked. */
function unpacked(root: string): RedisBinary {
  const libraries = ["usr/lib", "lib"].flatMap((lib) =>
    names(join(root, lib))
      .filter((name) => name.endsWith("-linux-gnu"))
      .map((name) => join(root, lib, name)),
  );
  return { path: join(root, "usr/bin/redis-server"), libraries };
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

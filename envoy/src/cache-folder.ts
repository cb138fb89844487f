import { homedir } from "node:os";
import { join } from "node:path";

/** Where things that can be fetched again are kept, outside the checkout: the same rule as in scripts/toolchain.sh. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SLUICE_CACHE) return env.SLUICE_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "sluice");
  return join(homedir(), ".cache", "sluice");
}

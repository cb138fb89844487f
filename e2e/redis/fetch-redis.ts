import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { findRedis, redisFolder } from "./find-redis.ts";

const HINT =
  "On Debian or Ubuntu: apt-get install redis-server. Or set SLUICE_REDIS to a redis-server that you have.";

/**
 * Fetches the distribution's Redis, and the libraries that it needs, into the cache, unless there is one already;
 * nothing is installed or started. The folder of a version is either absent or whole. Throws an error that says what
 * was missing.
 */
export async function fetchRedis(say: (sentence: string) => void, env = process.env): Promise<void> {
  if (findRedis(env) !== undefined) return;
  const parent = redisFolder(env);
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, ".fetch-"));
  try {
    say("fetching Redis with apt-get, without installing it: about 2 MB, this once");
    const archives = await download(work, env);
    const root = join(work, "root");
    for (const archive of archives) await execa("dpkg-deb", ["-x", archive, root]);
    const server = archives.find((archive) => archive.includes("/redis-server_"));
    if (server === undefined) throw new Error(`The distribution has no package redis-server. ${HINT}`);
    const { stdout: version } = await execa("dpkg-deb", ["-f", server, "Version"]);
    const target = join(parent, version.trim().replaceAll(":", "-"));
    // Whoever was quicker has fetched the same.
    await rename(root, target).catch((error: unknown) => {
      if (findRedis(env) === undefined) throw error;
    });
    say(`Redis ${version.trim()} is in ${target}`);
  } catch (cause) {
    throw new Error(`Redis could not be fetched: ${lastLine(cause)} ${HINT}`, { cause });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** With the lists that the system has; if they are missing or out of date, with lists of our own, which needs no root. */
async function download(work: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const plain = ["-o", "APT::Sandbox::User=root"];
  const folder = join(work, "archives");
  await mkdir(folder);
  try {
    await downloadWith(plain, folder, env);
  } catch {
    const own = [
      ...plain,
      ...["-o", `Dir::State::Lists=${join(work, "lists")}`],
      ...["-o", `Dir::Cache=${join(work, "cache")}`],
    ];
    await mkdir(join(work, "lists", "partial"), { recursive: true });
    await mkdir(join(work, "cache", "archives", "partial"), { recursive: true });
    await execa("apt-get", [...own, "-q", "update"], { env });
    await downloadWith(own, folder, env);
  }
  return (await readdir(folder)).filter((file) => file.endsWith(".deb")).map((file) => join(folder, file));
}

async function downloadWith(
  options: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const packages = ["redis-server", "redis-tools"];
  const { stdout } = await execa("apt-cache", [...options, "depends", "--important", ...packages], { env });
  const needed = [...stdout.matchAll(/^\s+\|?Depends: (lib[^\s<>]+)$/gm)].map(([, name]) => name ?? "");
  // The C library belongs to the system's loader.
  const libraries = new Set(needed.filter((name) => name !== "libc6"));
  await execa("apt-get", [...options, "-q", "download", ...packages, ...libraries], { env, cwd: folder });
}

function lastLine(error: unknown): string {
  const text =
    error instanceof Error && "stderr" in error && typeof error.stderr === "string" && error.stderr !== ""
      ? error.stderr
      : String(error instanceof Error ? error.message : error);
  return text.trim().split("\n").at(-1) ?? "";
}

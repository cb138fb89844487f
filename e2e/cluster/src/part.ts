import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { ClusterError } from "./cluster-error.ts";

export interface PartOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Working directory; default: this process's. */
  readonly cwd?: string;
  /** Both streams are appended to it, over all restarts. */
  readonly logFile: string;
  /** Whether it serves; asked again and again until it does. */
  readonly isReady: () => Promise<boolean>;
}

/** One program of the cluster, which tests may end and start again at the same addresses with the same data. */
export interface Part {
  readonly name: string;
  readonly logFile: string;
  /** Of the running process; undefined while there is none. */
  pid(): number | undefined;
  /** Resolves when it serves; rejects with a {@link ClusterError} that quotes its log when it ends before. */
  start(): Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs` (default 10,000); resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** A part that is not started yet. It dies with this process, however that ends. */
export function createPart(options: PartOptions): Part {
  let child: ChildProcess | undefined;
  let exit: Promise<void> = Promise.resolve();

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child?.kill(signal);
    await exit;
  };
  return {
    name: options.name,
    logFile: options.logFile,
    pid: () => child?.pid,
    async start() {
      if (child !== undefined) return;
      const started = launch(options);
      child = started;
      exit = new Promise((resolve) => {
        const gone = () => {
          if (child === started) child = undefined;
          resolve();
        };
        started.once("exit", gone);
        started.once("error", gone);
      });
      await untilReady(options, () => child === started, exit);
    },
    async stop(graceMs = 10_000) {
      const timer = setTimeout(() => child?.kill("SIGKILL"), graceMs);
      await end("SIGTERM").finally(() => clearTimeout(timer));
    },
    kill: () => end("SIGKILL"),
  };
}

/** Starts a process that the kernel kills when this one dies; setpriv (util-linux) becomes the command after asking. */
function launch({ command, args, env, cwd, logFile }: PartOptions): ChildProcess {
  const log = openSync(logFile, "a");
  try {
    // A process group of its own: a Ctrl-C in the terminal reaches us, and we end the parts in order.
    return spawn("setpriv", ["--pdeathsig", "KILL", "--", command, ...args], {
      stdio: ["ignore", log, log],
      env: env ?? process.env,
      cwd,
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

async function untilReady(
  { name, logFile, isReady }: PartOptions,
  runs: () => boolean,
  exit: Promise<void>,
): Promise<void> {
  while (runs()) {
    if (await isReady().catch(() => false)) return;
    await Promise.race([delay(50), exit]);
  }
  throw new ClusterError(
    "part-exited",
    `${name} ended before it served; the end of its log: ${lastLines(logFile)}`,
    `All of it is in ${logFile}.`,
  );
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-5).join(" | ");
}

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Program } from "./images.ts";

/** A running process of a container. */
export interface RunningProgram {
  /** Resolves with its exit code, as a shell tells it: 128 and the number for a signal; 127 when it cannot be started. */
  readonly exit: Promise<number>;
  /** SIGTERM, to the process alone. */
  terminate(): void;
  /** SIGKILL, to it and to all that it has started. */
  kill(): void;
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/** Starts a program in a process group of its own; the kernel kills it when this process dies. */
export function startProgram(
  program: Program,
  env: Readonly<Record<string, string>>,
  logFile: string,
): RunningProgram {
  const log = openSync(logFile, "a");
  let child: ChildProcess;
  try {
    child = spawn("setpriv", ["--pdeathsig", "KILL", "--", program.command, ...program.args], {
      env,
      stdio: ["ignore", log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
  const exit = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + ((signal && SIGNAL_NUMBERS[signal]) ?? 0)));
    child.once("error", () => resolve(127));
  });
  return {
    exit,
    terminate: () => child.kill("SIGTERM"),
    kill: () => killGroup(child),
  };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The whole group is gone.
  }
}

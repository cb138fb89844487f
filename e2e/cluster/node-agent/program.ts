import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { Readable } from "node:stream";
import type { Program } from "./images.ts";

/** A running process of a container. */
export interface RunningProgram {
  readonly pid: number | undefined;
  /** Resolves when the program itself runs, or has failed to: with the reason then. */
  readonly entered: Promise<string>;
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

/**
 * Starts a program in a process group of its own; the kernel kills it when this process dies. `tells`: it tells by file
 * descriptor 3 when it has become the program that is meant, as sandbox/container.py does.
 */
export function startProgram(
  program: Program,
  env: Readonly<Record<string, string>>,
  logFile: string,
  tells: boolean,
): RunningProgram {
  const log = openSync(logFile, "a");
  let child: ChildProcess;
  try {
    child = spawn("setpriv", ["--pdeathsig", "KILL", "--", program.command, ...program.args], {
      env,
      stdio: ["ignore", log, log, ...(tells ? (["pipe"] as const) : [])],
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
    pid: child.pid,
    entered: tells ? all(child.stdio[3]) : Promise.resolve(""),
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

/** All that comes by a stream, once it has ended. */
function all(stream: ChildProcess["stdio"][number] | undefined): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    if (!(stream instanceof Readable)) return resolve(text);
    stream.on("data", (data) => {
      text += data;
    });
    stream.once("close", () => resolve(text));
  });
}

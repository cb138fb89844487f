import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { type AdminClient, adminClient } from "./admin-client.ts";
import { dieWithParent } from "./die-with-parent.ts";
import { drainEnvoy } from "./drain.ts";
import { EnvoyError } from "./envoy-error.ts";
import type { JsonObject } from "./json.ts";
import { type EnvoyLogRecord, LOG_FORMAT_ARGUMENTS, parseLogLine } from "./log-line.ts";

export interface StartEnvoyOptions {
  /** Path of the binary. */
  readonly binary: string;
  readonly bootstrap: JsonObject;
  /** The address in `bootstrap`, in our form: `unix:PATH` or `HOST:PORT`. */
  readonly adminAddress: string;
  /** Envoy's own level. Default `warning`. */
  readonly logLevel?: "trace" | "debug" | "info" | "warning" | "error" | "critical" | "off";
  /** Worker threads. Default: Envoy's, one per core. */
  readonly concurrency?: number;
  /** Seconds in which a drained listener closes its connections bit by bit. Default 15. */
  readonly drainSeconds?: number;
  /** `true`: the kernel, if it can, ends Envoy when this process dies, however it dies. Default `false`: Envoy serves on. */
  readonly dieWithParent?: boolean;
  readonly onLog?: (record: EnvoyLogRecord) => void;
}

export interface EnvoyExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running Envoy. */
export interface EnvoyProcess {
  readonly pid: number;
  readonly admin: AdminClient;
  /** Resolves when the admin interface says that Envoy serves; rejects with an {@link EnvoyError} if it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. Never rejects. */
  readonly exit: Promise<EnvoyExit>;
  /**
   * Ends without cutting anyone off while `timeoutMs` lasts: health checks fail, listeners drain, and when no
   * connection is left, or the time is over, as {@link stop}.
   */
  drain(timeoutMs: number): Promise<EnvoyExit>;
  /** SIGTERM, and SIGKILL if it is still there after `graceMs` (default 5,000). */
  stop(graceMs?: number): Promise<EnvoyExit>;
}

/**
 * Starts an Envoy. It is in a process group of its own, so that a Ctrl-C in the terminal reaches us and we drain it,
 * and it takes no part in hot restarts, so that any number of them run side by side.
 */
export function startEnvoy(options: StartEnvoyOptions): EnvoyProcess {
  const folder = mkdtempSync(join(tmpdir(), "sluice-envoy-"));
  const config = join(folder, "bootstrap.json");
  writeFileSync(config, JSON.stringify(options.bootstrap), { mode: 0o600 });
  const [command, ...args] = commandLine(options, config);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const lastError = forwardLog(child, options.onLog);
  const exit = exitOf(child).finally(() => rmSync(folder, { recursive: true, force: true }));
  const admin = adminClient(options.adminAddress);
  const ready = untilReady(admin, exit, lastError);
  // Whoever cares awaits it; a process that nobody waits for may end all the same.
  ready.catch(() => {});

  const stop = async (graceMs = 5_000) => {
    const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
    child.kill("SIGTERM");
    return exit.finally(() => clearTimeout(kill));
  };
  return {
    pid: child.pid ?? -1,
    admin,
    ready,
    exit,
    stop,
    drain: async (timeoutMs) => {
      await Promise.race([drainEnvoy(admin, timeoutMs), exit]);
      return stop();
    },
  };
}

function commandLine(options: StartEnvoyOptions, config: string): [string, ...string[]] {
  const envoy = [
    ...["--config-path", config, "--disable-hot-restart", "--log-level", options.logLevel ?? "warning"],
    ...LOG_FORMAT_ARGUMENTS,
    ...["--drain-time-s", String(options.drainSeconds ?? 15)],
    ...(options.concurrency === undefined ? [] : ["--concurrency", String(options.concurrency)]),
  ];
  return options.dieWithParent ? dieWithParent(options.binary, envoy) : [options.binary, ...envoy];
}

/** Passes each record on; the function returned tells the last error, for the message of an early end. */
function forwardLog(child: ChildProcess, onLog: StartEnvoyOptions["onLog"]): () => string | undefined {
  let lastError: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      const record = parseLogLine(line);
      if (record.level === "error" || record.level === "fatal") lastError = record.message;
      onLog?.(record);
    });
  }
  child.on("error", (error) => {
    lastError = error.message;
  });
  return () => lastError;
}

/** `close`, not `exit`: by then the log has been read to its end. A program that cannot be started has ended too. */
function exitOf(child: ChildProcess): Promise<EnvoyExit> {
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

async function untilReady(
  admin: AdminClient,
  exit: Promise<EnvoyExit>,
  lastError: () => string | undefined,
): Promise<void> {
  let ended: EnvoyExit | undefined;
  exit.then((how) => {
    ended = how;
  });
  for (let waitMs = 20; ended === undefined; waitMs = Math.min(waitMs * 1.3, 200)) {
    const answer = await admin.get("/ready").catch(() => undefined);
    if (answer?.status === 200) return;
    await Promise.race([delay(waitMs), exit]);
  }
  const how = ended.signal === null ? `code ${ended.code}` : `signal ${ended.signal}`;
  throw new EnvoyError(
    "envoy-exited",
    `Envoy ended with ${how} before it served: ${lastError() ?? "it said nothing"}`,
    "Envoy's own log says more with --log-level debug.",
  );
}

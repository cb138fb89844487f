import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../support/free-port.ts";
import { findRedis } from "./find-redis.ts";

/** A running Redis on a port of 127.0.0.1, which keeps nothing. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Stops it from answering, while its connections stay open; and lets it go on. */
  pause(): void;
  resume(): void;
  /** Kills it, at once. */
  kill(): Promise<void>;
}

/** Starts a redis-server and waits until it answers. Throws an error that says how to get one. */
export async function startRedis(port?: number): Promise<RedisServer> {
  const redis = findRedis();
  if (redis === undefined)
    throw new Error(
      "There is no redis-server. Outside the network namespace of the tests run: node e2e/redis/cli.ts. Or set SLUICE_REDIS to one.",
    );
  const listens = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "sluice-redis-"));
  const options = ["--port", String(listens), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const child = spawn(redis.path, options, {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      ...(redis.libraries.length === 0 ? {} : { LD_LIBRARY_PATH: redis.libraries.join(":") }),
    },
  });
  const exit = once(child, "exit").finally(() => rmSync(folder, { recursive: true, force: true }));
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  await untilReady(child.stdout, exit);
  return {
    port: listens,
    url: `redis://127.0.0.1:${listens}`,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async kill() {
      process.off("exit", end);
      end();
      await exit;
    },
  };
}

async function untilReady(output: NodeJS.ReadableStream, exit: Promise<unknown>): Promise<void> {
  const lines: string[] = [];
  const ready = new Promise<void>((resolve) => {
    // All is read to the end: a full pipe would stop the server.
    createInterface({ input: output }).on("line", (line) => {
      lines.push(line);
      if (line.includes("Ready to accept connections")) resolve();
    });
  });
  const ended = exit.then(() => {
    throw new Error(`redis-server ended before it was ready: ${lines.join("\n")}`);
  });
  // It may end later without anybody waiting here.
  ended.catch(() => {});
  await Promise.race([ready, ended]);
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPart, type Part, type PartOptions } from "./part.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-part-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function shell(script: string, isReady: PartOptions["isReady"] = async () => true): Part {
  return createPart({
    name: "shell",
    command: "sh",
    args: ["-c", script],
    logFile: join(folder, "log"),
    isReady,
  });
}

function log(): string {
  return readFileSync(join(folder, "log"), "utf8");
}

test("a part can be stopped and started again", async () => {
  const part = shell("echo up; trap 'echo down; exit' TERM; while :; do sleep 0.02; done", async () =>
    log().endsWith("up\n"),
  );
  await part.start();
  const first = part.pid();
  await part.stop();
  expect(part.pid()).toBeUndefined();
  await part.start();
  expect(part.pid()).not.toBe(first);
  await part.stop();
  expect(log()).toBe("up\ndown\nup\ndown\n");
});

test("one that does not heed SIGTERM is killed", async () => {
  const part = shell("trap '' TERM; echo up; while :; do sleep 0.02; done", async () => log() === "up\n");
  await part.start();
  await part.stop(50);
  expect(part.pid()).toBeUndefined();
});

test("one that ends before it serves is quoted", async () => {
  const part = shell("echo cannot do this >&2; exit 3", async () => false);
  await expect(part.start()).rejects.toMatchObject({
    code: "part-exited",
    message: expect.stringContaining("cannot do this"),
  });
});

test("a part dies with the process that started it, even by SIGKILL", { timeout: 30_000 }, async () => {
  const script = join(folder, "parent.ts");
  writeFileSync(
    script,
    `import { createPart } from ${JSON.stringify(join(import.meta.dirname, "part.ts"))};
const part = createPart({
  name: "cat", command: "sh", args: ["-c", "exec sleep 600"], logFile: ${JSON.stringify(join(folder, "log"))}, isReady: async () => true,
});
await part.start();
console.log(part.pid());
setInterval(() => {}, 1000);
`,
  );
  const parent = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await once(parent.stdout, "data");
  const pid = Number(String(output));
  expect(pid).toBeGreaterThan(0);
  parent.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
});

/** Whether a process runs; one that has ended and whose parent has not asked for it does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

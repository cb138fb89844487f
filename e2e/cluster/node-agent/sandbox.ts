import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./images.ts";

/** The network of a Pod, and how a process gets into it. It lives until {@link Sandbox.close}, or this process ends. */
export interface Sandbox {
  /** The command line that becomes a program in a new root: {@link RunInside}. */
  inside(options: RunInside): Program;
  /** Takes the network away; its address answers no more. */
  close(): Promise<void>;
}

export interface RunInside {
  readonly program: Program;
  /** A folder that the root may be mounted on. */
  readonly scratch: string;
  readonly readOnlyRoot: boolean;
  readonly workingDir: string;
  readonly mounts: readonly Mount[];
}

/** A file or folder of the machine and where a container sees it. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface SandboxOptions {
  readonly address: string;
  readonly nodeAddress: string;
  readonly hostname: string;
}

const SCRIPTS = join(import.meta.dirname, "sandbox");

/** Makes the network and UTS namespaces of a Pod. Rejects with the words of the script when the kernel refuses. */
export async function startSandbox({ address, nodeAddress, hostname }: SandboxOptions): Promise<Sandbox> {
  // Names of devices have at most 15 characters.
  const device = `p${address.split(".").slice(1).join(".")}`;
  const holder = python("network.py", ["add", device, address, nodeAddress, hostname]);
  let words = "";
  holder.stderr?.on("data", (data) => {
    words += data;
  });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  holder.once("close", () => reject(new Error(`no network for ${hostname}: ${words.trim()}`)));
  failed.catch(() => {});
  if (holder.stdout) await Promise.race([once(holder.stdout, "data"), failed]);
  return {
    inside: ({ program, ...rest }) => ({
      command: interpreter(),
      args: [
        ...["-B", "-S", "-E", join(SCRIPTS, "container.py")],
        JSON.stringify({ ...rest, pod: holder.pid, command: [program.command, ...program.args] }),
      ],
    }),
    async close() {
      // The kernel takes its time to clean up a namespace; without the device the address is free at once.
      const removal = python("network.py", ["remove", device]);
      await once(removal, "close");
      holder.stdin?.end();
      await failed.catch(() => {});
    },
  };
}

/** Makes a command line run in the namespaces of a container's process; nsenter is part of util-linux. */
export function inNamespacesOf(pid: number, { command, args }: Program): Program {
  return { command: "nsenter", args: ["-t", `${pid}`, "-m", "-n", "-u", "--", command, ...args] };
}

/** A folder for the root of one container, made. */
export function scratchFolder(folder: string, container: string): string {
  const path = join(folder, "roots", container);
  mkdirSync(path, { recursive: true });
  return path;
}

function python(script: string, args: readonly string[]): ChildProcess {
  const line = ["--pdeathsig", "KILL", "--", interpreter(), "-B", "-S", "-E", join(SCRIPTS, script), ...args];
  return spawn("setpriv", line, { stdio: ["pipe", "pipe", "pipe"] });
}

let found: string | undefined;

/** The interpreter itself: python3 in PATH may be a slow shim of a version manager. */
function interpreter(): string {
  found ??= execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
  return found;
}

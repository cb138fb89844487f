import { spawnSync } from "node:child_process";

let possible: boolean | undefined;

/**
 * The command line that runs a command so that the kernel sends it SIGTERM when this process dies, however it dies.
 * It is `setpriv` of util-linux, which asks the kernel and then becomes the command. Where there is no such `setpriv`
 * (other systems than Linux, BusyBox) it is the command itself, which then outlives a parent that is killed.
 */
export function dieWithParent(command: string, args: readonly string[]): [string, ...string[]] {
  possible ??= spawnSync("setpriv", ["--pdeathsig", "TERM", "--", "true"]).status === 0;
  return possible ? ["setpriv", "--pdeathsig", "TERM", "--", command, ...args] : [command, ...args];
}

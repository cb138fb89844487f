import { readFileSync } from "node:fs";

/** Clock ticks of /proc a second, on every Linux that Node runs on. */
const TICKS = 100;

/** What a process has used so far. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly rssMb: number;
  readonly peakMb: number;
}

/** Reads it from /proc (see proc(5)); children are not counted. */
export function processUsage(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name before may hold blanks and parentheses; user and system time are the 12th and 13th fields behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rssMb: mb("VmRSS"),
    peakMb: mb("VmHWM"),
  };
}

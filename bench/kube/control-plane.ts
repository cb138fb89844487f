import { type ChildProcess, spawn } from "node:child_process";
import { freePort } from "../../e2e/support/free-port.ts";
import { type ProcessUsage, processUsage } from "./process-usage.ts";
import type { Scheme } from "./world.ts";

/** `sluice run --kube` as a user has it: the bundle, in a process of its own, with the Envoy that it starts. */
export interface ControlPlane {
  readonly ports: Readonly<Record<Scheme, number>>;
  usage(): ProcessUsage;
  /** Bytes of resources sent to Envoy so far. */
  sentBytes(): Promise<number>;
  stop(): Promise<void>;
}

export async function startControlPlane(options: {
  readonly bundle: string;
  readonly kubeconfig: string;
}): Promise<ControlPlane> {
  const [http, https, debug] = await Promise.all([freePort(), freePort(), freePort()]);
  const flags = {
    "http-port": http,
    "https-port": https,
    "listen-address": "127.0.0.1",
    "debug-address": `127.0.0.1:${debug}`,
    "log-level": "error",
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const profile = process.env.SLUICE_BENCH_PROFILE;
  const node = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profile];
  const child = spawn(process.execPath, [...node, options.bundle, "run", "--kube", ...args], {
    env: { ...process.env, KUBECONFIG: options.kubeconfig },
    // Standard output is the measurement's.
    stdio: ["ignore", "ignore", "inherit"],
  });
  const pid = await pidOf(child);
  return {
    ports: { http, https },
    usage: () => processUsage(pid),
    async sentBytes() {
      const text = await (await fetch(`http://127.0.0.1:${debug}/metrics`)).text();
      return sumOf(text, "sluice_ads_sent_bytes_total");
    },
    async stop() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await gone;
      clearTimeout(timer);
    },
  };
}

function pidOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(child.pid ?? 0));
  });
}

/** The sum of a metric over all its labels, in Prometheus' text format. */
function sumOf(text: string, metric: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

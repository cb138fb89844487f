import { buildTools } from "./build-tools.ts";
import { ClusterError } from "./cluster-error.ts";
import { TOPOLOGIES, type Topology } from "./gateway.ts";
import { runInside } from "./inside.ts";
import { runCluster } from "./up.ts";

const USAGE = `usage: node e2e/cluster/src/cli.ts COMMAND
  tools       build what is missing of the cluster's programs, and of those that tests run in it (needs Go)
  up [API_PORT [HTTP_PORT [sidecar|managed]]]   run a cluster with the gateway in it until Ctrl-C, both on ports of 127.0.0.1 (0 and default: ones that are free)`;

async function main([command, argument, second, third]: readonly string[]): Promise<number> {
  // The inner half of up is ended by its standard input alone.
  if (command === "inside" && argument !== undefined)
    return runInside(argument, topologyOf(second) ?? "sidecar").then(() => 0);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupt.abort());
  const say = (text: string): void => console.error(`sluice: ${text}`);
  const ports = { api: Number(argument ?? 0), http: Number(second ?? 0) };
  if (command === "tools") {
    await buildTools({ onProgress: say, signal: interrupt.signal });
    return 0;
  }
  const topology = topologyOf(third ?? "sidecar");
  if (command === "up" && topology !== undefined && Object.values(ports).every(Number.isInteger))
    return runCluster(ports, topology, interrupt.signal, say);
  console.error(USAGE);
  return 2;
}

function topologyOf(text: string | undefined): Topology | undefined {
  return TOPOLOGIES.find((topology) => topology === text);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`sluice: ${error.message}`);
  process.exitCode = 1;
}

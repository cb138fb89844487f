import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type NodeAgent, type NodeAgentOptions, startNodeAgent } from "./node-agent/start-node-agent.ts";
import { type Cluster, type StartClusterOptions, startCluster } from "./src/start-cluster.ts";

export interface UseClusterOptions extends Omit<StartClusterOptions, "folder"> {
  /** Images of the node besides `sluice/echo`. */
  readonly images?: NodeAgentOptions["images"];
}

/** Starts a cluster with one node before the tests of a file, and ends it after them. */
export function useCluster({ images = {}, ...options }: UseClusterOptions = {}): {
  readonly cluster: Cluster;
} {
  let folder: string | undefined;
  let cluster: Cluster | undefined;
  let agent: NodeAgent | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-cluster-"));
    cluster = await startCluster({ folder, ...options });
    agent = await startNodeAgent({
      api: cluster.api,
      logs: join(folder, "logs", "pods"),
      folder: join(folder, "pods"),
      images,
    });
  });
  afterAll(async () => {
    await agent?.stop();
    await cluster?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return {
    get cluster() {
      if (cluster === undefined) throw new Error("the cluster has not started");
      return cluster;
    },
  };
}

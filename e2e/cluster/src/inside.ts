import { join } from "node:path";
import { startNodeAgent } from "../node-agent/start-node-agent.ts";
import { installGateway, type Topology } from "./gateway.ts";
import { startRelay } from "./relay.ts";
import { startCluster } from "./start-cluster.ts";

/** The socket in the folder of a cluster by which its API server is reached from outside of the network namespace. */
export const API_SOCKET = "api.sock";

/** What the inner half prints, on a line of its own, when the cluster is up. */
export const READY = "ready";

/**
 * The inner half of `make cluster`: runs a cluster with one node and the gateway of the checkout in it until standard input ends, as it does when the outer half is gone,
 * however that went.
 */
export async function runInside(folder: string, topology: Topology): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  process.stdin.on("close", resolve).resume();
  await using cluster = await startCluster({ folder });
  await using _agent = await startNodeAgent({
    api: cluster.api,
    logs: join(folder, "logs", "pods"),
    folder: join(folder, "pods"),
  });
  const relay = await startRelay(
    { path: join(folder, API_SOCKET) },
    { port: Number(new URL(cluster.server).port) },
  );
  const gateway = await installGateway(cluster, topology);
  console.log(READY);
  await ended;
  gateway.close();
  relay.close();
}

import type { NodeInfo } from "@sluice/ads";
import type { Logger } from "../logging/logger.ts";
import { createLogThrottle } from "./log-throttle.ts";

/**
 * Logs nodes that get no configuration: the first time of each node and reason at once, and then at most once a minute, with
 * how many times there were since. An Envoy asks again every few seconds. `now` in milliseconds.
 */
export function createRefusedNodeLog(
  logger: Pick<Logger, "warn">,
  now: () => number,
): (info: Pick<NodeInfo, "id" | "cluster">, reason: string) => void {
  const throttle = createLogThrottle(now);
  return ({ id, cluster }, reason) => {
    const before = throttle.pass(JSON.stringify([id, cluster, reason]));
    if (before !== undefined) logger.warn({ node: id, cluster, before }, reason);
  };
}

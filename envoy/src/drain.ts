import { setTimeout as delay } from "node:timers/promises";
import type { AdminClient } from "./admin-client.ts";

/** How often the number of connections is asked for while they end. */
const POLL_MS = 100;

/**
 * Asks an Envoy to let go of its clients: `/healthcheck/fail` turns load balancers away and makes each answer close
 * its connection, `/drain_listeners?graceful` then closes the listeners bit by bit. Resolves when no connection is
 * left, when `timeoutMs` has passed, or when the admin interface does not answer any more.
 */
export async function drainEnvoy(admin: AdminClient, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  try {
    await admin.post("/healthcheck/fail");
    await admin.post("/drain_listeners?graceful");
    while (Date.now() < end && (await activeConnections(admin)) > 0) {
      await delay(Math.min(POLL_MS, Math.max(0, end - Date.now())));
    }
  } catch {
    // The process ends, or has ended: there is nothing left to drain.
  }
}

/** Connections of clients at this moment, over all listeners but that of the admin interface. */
export async function activeConnections(admin: AdminClient): Promise<number> {
  const { body } = await admin.get("/stats?filter=downstream_cx_active$&type=Gauges");
  let sum = 0;
  for (const line of body.split("\n")) {
    const [, name, count] = /^listener\.(.+)\.downstream_cx_active: (\d+)$/.exec(line) ?? [];
    const isPart = name === undefined || name === "admin" || /\.(worker_\d+|main_thread)$/.test(name);
    if (!isPart) sum += Number(count);
  }
  return sum;
}

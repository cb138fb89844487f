import type { RefusedHandshake } from "@sluice/ads";
import type { Logger } from "../logging/logger.ts";
import { createLogThrottle } from "./log-throttle.ts";

/**
 * Logs refused handshakes: the first of each reason at once, and then at most once a minute, with how many there were since.
 * Anyone who reaches the port can cause them. `now` in milliseconds.
 */
export function createHandshakeLog(
  logger: Pick<Logger, "warn">,
  now: () => number,
): (refused: RefusedHandshake) => void {
  const throttle = createLogThrottle(now);
  return ({ from, reason }) => {
    const before = throttle.pass(reason);
    if (before === undefined) return;
    logger.warn({ from, reason, before }, "a connection to xDS was refused at its TLS handshake");
  };
}

import type { RefusedHandshake } from "@sluice/ads";
import type { Logger } from "../logging/logger.ts";

const PAUSE_MS = 60_000;

/**
 * Logs refused handshakes: the first of each reason at once, and then at most once a minute, with how many there were since.
 * Anyone who reaches the port can cause them. `now` in milliseconds.
 */
export function createHandshakeLog(
  logger: Pick<Logger, "warn">,
  now: () => number,
): (refused: RefusedHandshake) => void {
  const told = new Map<string, { at: number; since: number }>();
  return ({ from, reason }) => {
    const last = told.get(reason);
    if (last !== undefined && now() - last.at < PAUSE_MS) {
      last.since++;
      return;
    }
    told.set(reason, { at: now(), since: 0 });
    logger.warn(
      { from, reason, before: last?.since ?? 0 },
      "a connection to xDS was refused at its TLS handshake",
    );
  };
}

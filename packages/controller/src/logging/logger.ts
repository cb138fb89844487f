import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

export type { Logger };

/** A logger on standard error: readable lines on a terminal, JSON elsewhere. Messages are constant; facts are fields. */
export function createLogger(level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) {
    const destination = pino.destination({ dest: 2, sync: true });
    // A log that cannot be written, as on a full disk, must not end a gateway that serves.
    destination.on("error", () => {});
    return pino(options, destination);
  }
  return pino(
    options,
    pretty({
      destination: 2,
      sync: true,
      colorize: true,
      translateTime: "HH:MM:ss.l",
      ignore: "pid,hostname",
    }),
  );
}

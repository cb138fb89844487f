import { EXIT } from "../commands/exit-status.ts";

/**
 * Ends the process quietly when whoever reads our output has seen enough, as `sluice translate … | head` has. The status
 * is what it is by then: what is left unsaid is not a failure. Output that cannot be written, as on a full disk, is one.
 */
export function endQuietlyWhenUnread(stream: NodeJS.WritableStream = process.stdout): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    process.stderr.write(`sluice: The output cannot be written: ${error.message}.\n`);
    process.exit(EXIT.trouble);
  });
}

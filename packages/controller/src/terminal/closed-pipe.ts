/**
 * Ends the process quietly when whoever reads our output has seen enough, as `sluice translate … | head` has. With
 * status 0: what is left unsaid is not a failure.
 */
export function endQuietlyWhenUnread(stream: NodeJS.WritableStream = process.stdout): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

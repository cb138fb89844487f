/**
 * Ends the process quietly when whoever reads our output has seen enough, as `sluice translate … | head` has. The status
 * is what it is by then: what is left unsaid is not a failure.
 */
export function endQuietlyWhenUnread(stream: NodeJS.WritableStream = process.stdout): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
}

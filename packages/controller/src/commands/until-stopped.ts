/** Tells of SIGINT and SIGTERM, the first and the one after it. */
export function untilStopped(): { readonly first: Promise<"stopped">; readonly again: Promise<void> } {
  const first = Promise.withResolvers<"stopped">();
  const again = Promise.withResolvers<void>();
  let count = 0;
  const onSignal = (): void => {
    count++;
    if (count === 1) first.resolve("stopped");
    else again.resolve();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return { first: first.promise, again: again.promise };
}

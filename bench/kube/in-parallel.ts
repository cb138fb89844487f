/** Runs `action` for each item, at most `width` at a time; rejects with the first failure. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  action: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    // All workers take from the one iterator.
    for (const item of queue) await action(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}

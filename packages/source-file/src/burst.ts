/** Collects things that come in bursts and hands them over together. */
export interface Burst<T> {
  add(item: T): void;
  /** Drops what is collected and takes nothing more. */
  close(): void;
}

/**
 * Calls `deliver` with all distinct items `quietMs` after the last of them came, and at the latest `maxMs`
 * after the first.
 */
export function createBurst<T>(
  deliver: (items: ReadonlySet<T>) => void,
  { quietMs, maxMs }: { readonly quietMs: number; readonly maxMs: number },
): Burst<T> {
  let items = new Set<T>();
  let quiet: NodeJS.Timeout | undefined;
  let limit: NodeJS.Timeout | undefined;
  let closed = false;
  const stop = (): void => {
    clearTimeout(quiet);
    clearTimeout(limit);
    limit = undefined;
  };
  const flush = (): void => {
    stop();
    const all = items;
    items = new Set();
    deliver(all);
  };
  return {
    add(item) {
      if (closed) return;
      items.add(item);
      clearTimeout(quiet);
      quiet = setTimeout(flush, quietMs);
      limit ??= setTimeout(flush, maxMs);
    },
    close() {
      closed = true;
      stop();
    },
  };
}

import { type LiveKeys, liveKeys } from "@sluice/store";

/** A live set of keys, each there as long as some holder asks for it. */
export interface Demand {
  readonly keys: LiveKeys;
  /** Replaces what a holder asks for. */
  hold(holder: string, keys: ReadonlySet<string>): void;
}

export function createDemand(): Demand {
  const keys = liveKeys();
  const held = new Map<string, ReadonlySet<string>>();
  return {
    keys,
    hold(holder, wanted) {
      const before = held.get(holder) ?? new Set<string>();
      if (wanted.size === 0) held.delete(holder);
      else held.set(holder, wanted);
      for (const key of wanted) if (!before.has(key)) keys.acquire(key);
      for (const key of before) if (!wanted.has(key)) keys.release(key);
    },
  };
}

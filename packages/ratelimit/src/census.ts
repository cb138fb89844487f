import type { RemoteStore } from "./redis-store.ts";

/** Envoys by the gateway that they are of. */
export type NodeCounts = Readonly<Record<string, number>>;

/** Who counts in a remote store. */
export interface Census {
  /** What the others said last, and each was still there. While the store cannot be reached, what was known before. */
  others(): readonly NodeCounts[];
  /** Tells the others what is there now, without waiting for the next beat. */
  tell(): void;
  close(): void;
}

export interface CensusOptions {
  readonly remote: RemoteStore;
  /** Of this instance, unique. */
  readonly id: string;
  readonly own: () => NodeCounts;
  /** Called when {@link Census.others} may say something else. */
  readonly onChange?: () => void;
}

/**
 * Counts the instances that share a store, by beats: one that sends none for the length of a lease is gone. Nobody is told
 * of a store that is away: whoever counts in it notices.
 */
export function startCensus({ remote, id, own, onChange = () => {} }: CensusOptions): Census {
  let others: readonly NodeCounts[] = [];
  let closed = false;
  const beat = async (): Promise<void> => {
    const there = await remote.beat(id, JSON.stringify(own()));
    if (closed) return;
    const found = [...there].flatMap(([name, text]) => (name === id ? [] : readCounts(text)));
    const isOther = JSON.stringify(found) !== JSON.stringify(others);
    others = found;
    if (isOther) onChange();
  };
  const tell = (): void => void beat().catch(() => {});
  const timer = setInterval(tell, remote.leaseMs / 3).unref();
  tell();
  return {
    others: () => others,
    tell,
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}

/** Whoever writes into the store may write anything: what is no count is left out. */
function readCounts(text: string): readonly NodeCounts[] {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== "object" || read === null) return [];
    const entries = Object.entries(read).filter((entry): entry is [string, number] => isCount(entry[1]));
    return [Object.fromEntries(entries)];
  } catch {
    return [];
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

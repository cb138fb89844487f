import { type MemoryStoreOptions, memoryStore } from "./memory-store.ts";
import type { RemoteStore } from "./redis-store.ts";
import type { LimitStore } from "./store.ts";

/** `shared`: the remote store counts for all instances. `alone`: it cannot be reached, and each lets its share pass. */
export type Mode = "shared" | "alone";

export interface ResilientStoreOptions extends MemoryStoreOptions {
  readonly remote: RemoteStore;
  /** Nobody waits longer for the remote store. Milliseconds; default 50. */
  readonly deadlineMs?: number;
  /** Milliseconds between attempts to reach it again. Default 500. */
  readonly retryMs?: number;
  /** Told once of each change, and at first of what it begins with; with the reason why it counts alone. */
  readonly onMode?: (mode: Mode, reason: string) => void;
}

/** A store that never fails and never waits long. */
export interface ResilientStore extends LimitStore {
  readonly mode: Mode;
  /** Questions that were answered alone, since the start. */
  readonly answeredAlone: number;
}

/**
 * Counts in the remote store, and alone with the share of one instance while that cannot be reached: after the first
 * error or missed deadline nothing waits for it, until it has answered again. What is in flight by this instance is
 * known here in any case, so it counts in either mode, and its leases are renewed while it lasts; those of an instance
 * that died end by themselves.
 */
export function resilientStore({
  remote,
  deadlineMs = 50,
  retryMs = 500,
  onMode = () => {},
  ...memoryOptions
}: ResilientStoreOptions): ResilientStore {
  const own = memoryStore(memoryOptions);
  let mode: Mode = "alone";
  let told: Mode | undefined;
  let answeredAlone = 0;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const renewAll = () =>
    Promise.all(own.held().map(({ key, ids }) => withDeadline(remote.renew(key, ids), remote.leaseMs / 3)));

  const change = (to: Mode, reason: string) => {
    mode = to;
    if (told !== to) onMode(to, reason);
    told = to;
  };
  const goAlone = (error: unknown) => {
    if (closed || mode === "alone") return;
    change("alone", reasonOf(error));
    probeLater();
  };
  const probeLater = () => {
    retry = setTimeout(() => void probe(), retryMs).unref();
  };
  const probe = async () => {
    try {
      await withDeadline(remote.ping(), deadlineMs);
      await renewAll();
    } catch (error) {
      if (closed) return;
      change("alone", reasonOf(error));
      probeLater();
      return;
    }
    if (!closed) change("shared", "");
  };
  void probe();
  const renewal = setInterval(() => {
    if (mode === "shared") renewAll().catch(goAlone);
  }, remote.leaseMs / 3).unref();

  /** Asks the remote store; if it does not answer, or is known not to, the own one. */
  const ask = async <T>(remotely: () => Promise<T>, alone: () => Promise<T>): Promise<T> => {
    if (mode === "shared") {
      try {
        return await withDeadline(remotely(), deadlineMs);
      } catch (error) {
        goAlone(error);
      }
    }
    answeredAlone += 1;
    return alone();
  };

  return {
    get mode() {
      return mode;
    },
    get answeredAlone() {
      return answeredAlone;
    },
    take: (limit, hits) =>
      ask(
        () => remote.take(limit, hits),
        () => own.take(limit, hits),
      ),
    async acquire(limit, id) {
      const outcome = await ask(
        () => remote.acquire(limit, id),
        () => own.acquire(limit, id),
      );
      if (outcome.allowed) own.hold(limit.key, id);
      return outcome;
    },
    async release(key, id) {
      // First here, so that no renewal brings it back.
      await own.release(key, id);
      // A lease that cannot be given back ends by itself.
      if (mode === "shared") await withDeadline(remote.release(key, id), deadlineMs).catch(goAlone);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      clearInterval(renewal);
      await remote.close();
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same promise, rejected if it takes longer. */
async function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it did not answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

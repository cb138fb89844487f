import type { Clock } from "@sluice/kubernetes-api";
import { describeError, isRefusal } from "@sluice/kubernetes-api";
import { type Cell, cell } from "@sluice/store";

/** How it stands between this source and the API server. */
export interface KubernetesStatus {
  /** False from the first request that fails until each of those that failed has succeeded. */
  readonly connected: boolean;
  /** When that began, milliseconds since the epoch. */
  readonly since: number;
  /** The error that began it, while not connected. */
  readonly lastError?: string;
  /** What the API server refuses to give, each in one sentence, sorted. */
  readonly refused: readonly string[];
}

/**
 * What a failure means. `away`: no answer, or none that says anything. `doubtful`: a refusal that is not old, as an API
 * server gives them while it starts and has not read its roles. `refused`: one that lasts.
 */
export type Verdict = "away" | "doubtful" | "refused";

/** How long a refusal must last to be believed, milliseconds. */
const DOUBT_MS = 3_000;

/** Where the source logs to; a pino logger is one. */
export interface KubernetesLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Collects how the requests of all followers end. */
export interface Health {
  readonly status: Cell<KubernetesStatus>;
  /** A request of this follower has been answered as it should. */
  ok(name: string): void;
  failed(name: string, error: unknown): Verdict;
  /** The follower has ended. */
  gone(name: string): void;
  /** All followers are about to end, which says nothing about the API server. */
  close(): void;
  /** Fires at the first success after the API server was away, once each time: who waits may try at once. */
  wake(): AbortSignal;
}

/** Connected, until something fails. */
export function createHealth(clock: Clock, log: KubernetesLog | undefined): Health {
  const away = new Set<string>();
  const refused = new Map<string, string>();
  const refusedSince = new Map<string, number>();
  const status = cell<KubernetesStatus>({ connected: true, since: clock.now(), refused: [] });
  let wake = new AbortController();
  let woken = false;
  let isClosed = false;

  const backAgain = (): void => {
    const { connected, since } = status.get();
    if (connected || away.size > 0) return;
    const now = clock.now();
    status.set({ connected: true, since: now, refused: status.get().refused });
    log?.info({ seconds: Math.round((now - since) / 1000) }, "the API server is back; nothing was missed");
  };
  const setRefused = (name: string, text: string | undefined): void => {
    const before = refused.get(name);
    if (before === text) return;
    // Thousands of Secrets may be refused one after the other, so nothing is sorted anew.
    const sentences = [...status.get().refused];
    if (before !== undefined) sentences.splice(placeOf(before, sentences), 1);
    if (text !== undefined) sentences.splice(placeOf(text, sentences), 0, text);
    if (text === undefined) refused.delete(name);
    else refused.set(name, text);
    status.set({ ...status.get(), refused: sentences });
  };
  const settled = (name: string): void => {
    if (!away.delete(name)) return;
    if (!woken) {
      woken = true;
      wake.abort();
      wake = new AbortController();
    }
    backAgain();
  };

  return {
    status,
    ok(name) {
      refusedSince.delete(name);
      setRefused(name, undefined);
      settled(name);
    },
    failed(name, error) {
      const reason = describeError(error);
      log?.debug({ what: name, reason }, "a request to the API server failed");
      if (isRefusal(error)) {
        const since = refusedSince.get(name) ?? clock.now();
        refusedSince.set(name, since);
        if (clock.now() - since < DOUBT_MS) return "doubtful";
        if (refused.get(name) !== `${name}: ${reason}`)
          log?.warn({ what: name, reason }, "the API server refuses what the gateway asks for");
        setRefused(name, `${name}: ${reason}`);
        settled(name);
        return "refused";
      }
      away.add(name);
      if (!status.get().connected) return "away";
      woken = false;
      status.set({
        connected: false,
        since: clock.now(),
        lastError: reason,
        refused: status.get().refused,
      });
      log?.warn(
        { what: name, reason },
        "the API server cannot be reached; the gateway goes on with what it knows",
      );
      return "away";
    },
    gone(name) {
      if (isClosed) return;
      refusedSince.delete(name);
      setRefused(name, undefined);
      away.delete(name);
      backAgain();
    },
    close() {
      isClosed = true;
    },
    wake: () => wake.signal,
  };
}

/** Where the text is in a sorted list, or belongs. */
function placeOf(text: string, sorted: readonly string[]): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { Clock } from "./clock.ts";
import type { Resolution } from "./resolve-name.ts";

/** What is known of a name. */
export interface Lookup {
  /** Sorted, each once. After a failure the last ones that were known. Not checked: any address that DNS gave. */
  readonly addresses: readonly string[];
  /** In words, why the addresses are none, or not of today. */
  readonly fault?: string;
}

/** Answers are asked for again after their TTL, within these bounds. */
const MIN_TTL_MS = 5_000;
const MAX_TTL_MS = 300_000;
/** How long one attempt may take; a name that is new holds back the routes to it for so long. */
const ATTEMPT_MS = 3_000;
/** The wait after the first failure; each further one doubles it. */
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

export interface KeepResolvedOptions {
  readonly resolve: (hostname: string) => Promise<Resolution>;
  readonly clock: Clock;
  /** Is told the outcome of each attempt, equal ones too. May stop the whole. */
  readonly publish: (lookup: Lookup) => void;
}

/**
 * Resolves a name at once and again whenever its answer has run out, until stopped.
 *
 * A failure (no server answers, or a server fails) says nothing of the name: its addresses stay. An answer that there
 * is no such name, or no address, is an answer: the addresses go, since somebody else may have them by now (those of
 * a headless Service's pods do move). Both are tried again sooner than a TTL, ever more rarely.
 */
export function keepResolved(hostname: string, options: KeepResolvedOptions): () => void {
  const { resolve, clock, publish } = options;
  let known: readonly string[] = [];
  let failures = 0;
  let cancel = (): void => {};

  const conclude = (resolution: Resolution): void => {
    let fault: string | undefined;
    if (resolution.kind === "failure") fault = resolution.fault;
    else {
      known = [...new Set(resolution.addresses)].sort();
      if (known.length === 0) fault = "DNS knows no address of it";
    }
    failures = fault === undefined ? 0 : failures + 1;
    const ttl = resolution.kind === "answer" ? resolution.ttl : 0;
    // Before the outcome is told, since whoever hears of it may stop the whole.
    cancel = clock.after(fault === undefined ? refreshMs(ttl, clock) : retryMs(failures, clock), attempt);
    publish({ addresses: known, ...(fault === undefined ? {} : { fault }) });
  };

  const attempt = (): void => {
    const end = (resolution: Resolution): void => {
      if (cancel !== abandon) return;
      stopDeadline();
      conclude(resolution);
    };
    const stopDeadline = clock.after(ATTEMPT_MS, () => end(failure("no DNS server answered in time")));
    const abandon = (): void => {
      stopDeadline();
      cancel = () => {};
    };
    cancel = abandon;
    resolve(hostname).then(end, (error) => end(failure(error instanceof Error ? error.message : `${error}`)));
  };

  attempt();
  return () => cancel();
}

function failure(fault: string): Resolution {
  return { kind: "failure", fault };
}

/** Up to a tenth later than the TTL says, so that names of one TTL do not stay in step. */
function refreshMs(ttl: number, clock: Clock): number {
  return Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttl * 1000)) * (1 + 0.1 * clock.random());
}

/** Between half of the wait and all of it, so that names that failed together are not tried together. */
function retryMs(failures: number, clock: Clock): number {
  return (
    Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16)) * (0.5 + 0.5 * clock.random())
  );
}

import { type Clock, describeError, isStatus, type KubeApi, systemClock } from "@sluice/kubernetes-api";
import { type Lease, type LeaseRecord, leaseStore, microTime } from "./lease.ts";

/** In milliseconds. `lease` > `renewDeadline` > `retry`. */
export interface LeaderTimings {
  /** How long others wait after the last renewal that they saw, before they take over. */
  readonly leaseMs: number;
  /** How long a leader tries to renew before it gives up the leadership. */
  readonly renewDeadlineMs: number;
  /** Between attempts; candidates add up to 20 % by chance. */
  readonly retryMs: number;
}

/** Those of Kubernetes' own components. */
export const DEFAULT_TIMINGS: LeaderTimings = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

export interface LeaderElectionOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Unique among the candidates, and anew with each start: a process must not take the Lease of its predecessor for its own. */
  readonly identity: string;
  readonly timings?: LeaderTimings;
  readonly clock?: Clock;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
}

export interface LeaderStatus {
  readonly leader: boolean;
  /** Whom the Lease named last; `""`: nobody, or it has not been read. */
  readonly holder: string;
  /** Milliseconds since the epoch: since when `leader` is what it is. */
  readonly since: number;
  /** Why the last attempt failed, in words; absent after one that was answered. */
  readonly lastError?: string;
}

/** One candidate. */
export interface LeaderElection {
  /** Never true in two processes at a time, as long as their clocks run at about the same speed. */
  isLeader(): boolean;
  status(): LeaderStatus;
  /** Calls the listener when this process has become the leader, and when it is no more. */
  onChange(listener: (isLeader: boolean) => void): () => void;
  /** Gives up, and releases the Lease if it is held, so that another takes over at once. Never rejects. */
  close(): Promise<void>;
}

/** How long `close` waits for the API server to take back the Lease, milliseconds. */
const RELEASE_MS = 2_000;

/**
 * Stands as a candidate for a Lease until closed, as client-go's leaderelection does. Whether another's Lease has
 * expired is judged by how long this process has seen it unchanged, never by the other's clock. Updates carry the
 * version that was read, so that of two candidates one fails. A leader that cannot renew in time gives up before
 * others may take over, also while a request hangs, and then stands again.
 */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { api, namespace, name, identity, clock = systemClock, random = Math.random } = options;
  const timings = options.timings ?? DEFAULT_TIMINGS;
  checkTimings(timings);
  const store = leaseStore(api, namespace, name);
  const end = new AbortController();
  const listeners = new Set<(isLeader: boolean) => void>();
  let status: LeaderStatus = { leader: false, holder: "", since: clock.now() };
  let observed: Lease | undefined;
  let observedAt = clock.now();

  const setLeader = (leader: boolean): void => {
    if (status.leader === leader) return;
    status = { ...status, leader, since: clock.now() };
    for (const listener of [...listeners]) listener(leader);
  };
  const observe = (lease: Lease | undefined): void => {
    if (lease?.resourceVersion !== observed?.resourceVersion) observedAt = clock.now();
    observed = lease;
    const { lastError: _, ...rest } = status;
    status = { ...rest, holder: lease?.record.holder ?? "" };
  };
  const recordFor = (before: LeaseRecord | undefined): LeaseRecord => {
    const now = microTime(clock.now());
    const isOwn = before?.holder === identity;
    return {
      holder: identity,
      durationSeconds: Math.ceil(timings.leaseMs / 1000),
      transitions: before === undefined ? 0 : before.transitions + (isOwn ? 0 : 1),
      acquireTime: isOwn ? before.acquireTime : now,
      renewTime: now,
    };
  };
  /** Whether another may still be the leader. */
  const isTaken = (): boolean => {
    if (observed === undefined) return false;
    const { holder, durationSeconds } = observed.record;
    if (holder === "" || holder === identity) return false;
    return clock.now() < observedAt + Math.max(durationSeconds * 1000, timings.leaseMs);
  };
  const write = async (signal: AbortSignal): Promise<void> =>
    observe(await store.write(recordFor(observed?.record), observed, signal));

  /** Acquires or renews; false: another holds it. Fails where the API server does not answer as it should. */
  const attempt = async (signal: AbortSignal): Promise<boolean> => {
    if (status.leader && observed?.record.holder === identity) {
      try {
        await write(signal);
        return true;
      } catch (error) {
        // Somebody else has written, or deleted, it: what is there now decides.
        if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
      }
    }
    observe(await store.read(signal));
    if (isTaken()) return false;
    try {
      await write(signal);
      return true;
    } catch (error) {
      if (isStatus(error, 409)) return false;
      throw error;
    }
  };

  const tryOnce = async (signal: AbortSignal): Promise<boolean | undefined> => {
    try {
      return await attempt(signal);
    } catch (error) {
      if (!end.signal.aborted) status = { ...status, lastError: describeError(error) };
      return undefined;
    }
  };

  const acquire = async (): Promise<number> => {
    while (!end.signal.aborted) {
      const started = clock.now();
      // An attempt that is answered too late would begin a leadership that is over already.
      const held = await within(timings.renewDeadlineMs, tryOnce);
      if (held === true && clock.now() < started + timings.renewDeadlineMs) return started;
      await clock.sleep(timings.retryMs * (1 + 0.2 * random()), end.signal);
    }
    return 0;
  };
  const renew = async (acquiredAt: number): Promise<void> => {
    let renewedAt = acquiredAt;
    while (!end.signal.aborted) {
      const left = renewedAt + timings.renewDeadlineMs - clock.now();
      if (left <= 0) return;
      await clock.sleep(Math.min(timings.retryMs, left), end.signal);
      if (end.signal.aborted) return;
      const started = clock.now();
      const remaining = renewedAt + timings.renewDeadlineMs - started;
      if (remaining <= 0) return;
      const held = await within(remaining, tryOnce);
      if (held === false) return;
      if (held === true) renewedAt = started;
    }
  };
  /** Runs with a signal that is aborted after this time; undefined if it had no result by then. */
  const within = async <T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    const over = new AbortController();
    const signal = AbortSignal.any([end.signal, over.signal]);
    const timer = new AbortController();
    const late = clock
      .sleep(ms, AbortSignal.any([timer.signal, end.signal]))
      .then(() => undefined)
      .finally(() => {
        if (!timer.signal.aborted) over.abort(new Error("the lease was not renewed in time"));
      });
    try {
      return await Promise.race([run(signal), late]);
    } finally {
      timer.abort();
    }
  };

  const stand = async (): Promise<void> => {
    while (!end.signal.aborted) {
      const acquiredAt = await acquire();
      if (end.signal.aborted) break;
      setLeader(true);
      await renew(acquiredAt);
      setLeader(false);
    }
  };
  const standing = stand();

  const release = async (): Promise<void> => {
    if (observed?.record.holder !== identity) return;
    const record = { ...observed.record, holder: "", durationSeconds: 1, renewTime: microTime(clock.now()) };
    await store.write(record, observed, AbortSignal.timeout(RELEASE_MS)).catch(() => {});
  };

  return {
    isLeader: () => status.leader,
    status: () => status,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      end.abort();
      setLeader(false);
      await standing;
      await release();
    },
  };
}

function checkTimings({ leaseMs, renewDeadlineMs, retryMs }: LeaderTimings): void {
  if (leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs && retryMs > 0) return;
  throw new Error("lease > renew deadline > retry period > 0 does not hold: two leaders would be possible");
}

import { type FakeClock, fakeClock } from "@sluice/source-kubernetes/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { type LeaderElection, startLeaderElection } from "./leader-election.ts";
import { type LeaseApi, leaseApi } from "./testing/lease-api.ts";

interface Candidate {
  readonly election: LeaderElection;
  readonly clock: FakeClock;
  /** Each change, in order. */
  readonly seen: boolean[];
  /** Resolves when it is the leader, or is not. */
  becomes(leader: boolean): Promise<void>;
}

function candidate(api: LeaseApi, identity: string, clock = fakeClock()): Candidate {
  const election = startLeaderElection({
    api,
    namespace: "sluice",
    name: "sluice-leader",
    identity,
    clock,
    random: () => 0,
  });
  const seen: boolean[] = [];
  election.onChange((leader) => seen.push(leader));
  onTestFinished(async () => {
    api.setState("away");
    await election.close();
  });
  return {
    election,
    clock,
    seen,
    becomes(leader) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = election.onChange((now) => {
        if (now !== leader) return;
        stop();
        resolve();
      });
      return election.isLeader() === leader ? Promise.resolve() : promise;
    },
  };
}

/** Moves the clock through one wait between attempts. */
async function retry({ clock }: Candidate): Promise<void> {
  await clock.asleep(2_000, 2_000);
  clock.advance(2_000);
}

describe("a candidate", () => {
  test("creates the Lease and leads", async () => {
    const api = leaseApi();
    const a = candidate(api, "a");
    await a.becomes(true);
    expect(a.election.status()).toMatchObject({ leader: true, holder: "a" });
    expect(api.lease()?.spec).toMatchObject({
      holderIdentity: "a",
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
  });

  test("waits while another renews, however old the other's clock says the renewal is", async () => {
    const api = leaseApi();
    const a = candidate(api, "a", fakeClock(0));
    await a.becomes(true);
    const b = candidate(api, "b", fakeClock(1_000_000_000_000));
    for (let round = 0; round < 12; round++) {
      await retry(b);
      await retry(a);
    }
    await b.clock.asleep(2_000, 2_000);
    expect([a.seen, b.seen]).toEqual([[true], []]);
    expect(b.election.status().holder).toBe("a");
  });

  test("takes over once it has seen the Lease unchanged for its duration, and not before", async () => {
    const api = leaseApi();
    const a = candidate(api, "a");
    await a.becomes(true);
    const b = candidate(api, "b");
    // The other stands still, as after kill -9.
    for (let waited = 0; waited < 14_000; waited += 2_000) await retry(b);
    await b.clock.asleep(2_000, 2_000);
    expect(b.election.isLeader()).toBe(false);
    b.clock.advance(2_000);
    await b.becomes(true);
    expect(api.lease()?.spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  });

  test("takes over at the next attempt when the leader has stopped cleanly", async () => {
    const api = leaseApi();
    const a = candidate(api, "a");
    await a.becomes(true);
    const b = candidate(api, "b");
    await b.clock.asleep(2_000, 2_000);
    await a.election.close();
    expect(a.seen).toEqual([true, false]);
    expect(api.lease()?.spec.holderIdentity).toBe("");
    b.clock.advance(2_000);
    await b.becomes(true);
  });

  test("that was slower than another does not lead", async () => {
    const api = leaseApi();
    const [a, b] = [candidate(api, "a"), candidate(api, "b")];
    await Promise.race([a.becomes(true), b.becomes(true)]);
    await retry(a);
    await retry(b);
    await Promise.all([a, b].map(({ clock }) => clock.asleep(2_000, 2_000)));
    expect([a, b].filter(({ election }) => election.isLeader())).toHaveLength(1);
  });
});

describe("a leader", () => {
  test("renews, and counts no transition for it", async () => {
    const api = leaseApi();
    const a = candidate(api, "a");
    await a.becomes(true);
    const before = api.lease()?.spec.renewTime;
    await retry(a);
    await a.clock.asleep(2_000, 2_000);
    expect(api.lease()?.spec).toMatchObject({ leaseTransitions: 0 });
    expect(api.lease()?.spec.renewTime).not.toBe(before);
  });

  test.each(["away", "hangs"] as const)(
    "gives up before others may take over, when the API server %s",
    async (state) => {
      const api = leaseApi();
      const a = candidate(api, "a");
      await a.becomes(true);
      api.setState(state);
      const start = a.clock.now();
      while (a.election.isLeader()) {
        await a.clock.asleep(1, 10_000);
        a.clock.advance(500);
        await new Promise(setImmediate);
      }
      expect(a.clock.now() - start).toBeLessThanOrEqual(10_000);
      expect(a.clock.now() - start).toBeGreaterThan(8_000);
      api.setState("up");
      while (!a.election.isLeader()) {
        a.clock.advance(500);
        await new Promise(setImmediate);
      }
      expect(a.seen).toEqual([true, false, true]);
    },
  );

  test("stays it through a short outage, and says why the last attempt failed", async () => {
    const api = leaseApi();
    const a = candidate(api, "a");
    await a.becomes(true);
    api.setState("away");
    await retry(a);
    await a.clock.asleep(2_000, 2_000);
    expect(a.election.status()).toMatchObject({ leader: true, lastError: "connect ECONNREFUSED" });
    api.setState("up");
    a.clock.advance(2_000);
    await a.clock.asleep(2_000, 2_000);
    expect(a.election.status()).not.toHaveProperty("lastError");
    expect(a.seen).toEqual([true]);
  });

  test("steps down when it finds another in the Lease", async () => {
    const api = leaseApi();
    const a = candidate(api, "a");
    await a.becomes(true);
    api.remove();
    const b = candidate(api, "b");
    await b.becomes(true);
    await retry(a);
    await a.becomes(false);
    expect(b.election.isLeader()).toBe(true);
  });

  test("makes the Lease again when somebody deleted it", async () => {
    const api = leaseApi();
    const a = candidate(api, "a");
    await a.becomes(true);
    api.remove();
    await retry(a);
    await a.clock.asleep(2_000, 2_000);
    expect(api.lease()?.spec.holderIdentity).toBe("a");
    expect(a.seen).toEqual([true]);
  });
});

test("timings that would allow two leaders are refused", () => {
  const timings = { leaseMs: 10_000, renewDeadlineMs: 10_000, retryMs: 2_000 };
  const start = () =>
    startLeaderElection({ api: leaseApi(), namespace: "sluice", name: "x", identity: "a", timings });
  expect(start).toThrow("two leaders would be possible");
});

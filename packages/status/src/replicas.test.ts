import type { ObjectKey } from "@sluice/model";
import { fakeClock } from "@sluice/source-kubernetes/testing";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { createKnownIngresses } from "./known-ingresses.ts";
import type { LiveState } from "./liveness.ts";
import { followPeerReports } from "./peer-reports.ts";
import { standingOf } from "./peer-standing.ts";
import { decodeReport, encodeReport, MAX_OPEN_BYTES, type ReplicaReport } from "./replica-report.ts";
import { startReportPublisher } from "./report-publisher.ts";
import { isAtLeast } from "./resource-version.ts";
import { fakeApi, settled } from "./testing/fake-api.ts";

const WEB: ObjectKey = "Ingress/shop/web";
const LEASE = "/apis/coordination.k8s.io/v1/namespaces/sluice/leases/sluice-replica-b";
const POD = "/api/v1/namespaces/sluice/pods/b";

test("versions are compared as integers of any length, and what is none is never new enough", () => {
  expect(isAtLeast("10", "9")).toBe(true);
  expect(isAtLeast("9", "10")).toBe(false);
  expect(isAtLeast("90071992547409930", "90071992547409929")).toBe(true);
  for (const [a, b] of [
    [undefined, "1"],
    ["", ""],
    ["0", "0"],
    ["a", "a"],
    ["2", "01"],
  ] as const)
    expect(isAtLeast(a, b)).toBe(false);
});

const REPORT: ReplicaReport = {
  gateways: { sluice: { nodes: 2, names: ["x", "y"], listening: 2 } },
  positions: { "": "50" },
  open: new Map(),
  more: 0,
};

describe("a report", () => {
  const open = (count: number, refused: number) =>
    Array.from({ length: count }, (_, i) => {
      const missing = [{ node: "x", resource: `http/${i}.example`, words: "bad ".repeat(500) }];
      const entry = { revision: "0123456789ab", accepted: 1, refused, missing };
      return [`Ingress/shop/${refused > 0 ? "refused" : "pending"}-${i}` as ObjectKey, entry] as const;
    });

  test("is read as it was written", () => {
    const missing = [{ node: "x", resource: "r", words: "w" }, { node: "y" }];
    const report = { ...REPORT, open: new Map([[WEB, { revision: "a", accepted: 0, refused: 1, missing }]]) };
    expect(decodeReport(encodeReport(report))).toEqual(report);
    expect(decodeReport("{}")).toBeUndefined();
    expect(decodeReport("no JSON")).toBeUndefined();
  });

  test("has a bounded size, with what was refused first, and says how many found no room", () => {
    const text = encodeReport({ ...REPORT, open: new Map([...open(5_000, 0), ...open(1, 1)]) });
    expect(text.length).toBeLessThan(MAX_OPEN_BYTES + 1_000);
    const decoded = decodeReport(text);
    expect([...(decoded?.open.keys() ?? [])][0]).toBe("Ingress/shop/refused-0");
    expect((decoded?.open.size ?? 0) + (decoded?.more ?? 0)).toBe(5_001);
  });
});

describe("on another replica an Ingress is live", () => {
  const asked = { key: WEB, revision: "a", formVersion: "50", gateways: ["sluice"] };
  const standing = (change: Partial<ReplicaReport>, isSilent = false) => {
    const { nodes, accepted, missing } = standingOf(
      { name: "b", report: { ...REPORT, ...change }, isSilent },
      asked,
    );
    return `${accepted} of ${nodes} ${missing.map(({ node, unknown }) => `${node}: ${unknown}`).join()}`.trim();
  };
  const entry = { revision: "a", accepted: 1, refused: 0, missing: [] };

  test("if it has seen this form and does not name it as open", () => {
    expect(standing({})).toBe("2 of 2");
    expect(standing({ positions: { shop: "51" } })).toBe("2 of 2");
    expect(standing({ gateways: {} })).toBe("0 of 0");
  });
  test("and else not on all of its nodes", () => {
    expect(standing({ positions: { "": "49" } })).toBe("0 of 2 x, y: its replica has not seen this form yet");
    expect(standing({ positions: { other: "60" } })).toMatch("0 of 2");
    expect(standing({ more: 1 })).toMatch("0 of 2");
    expect(standing({ open: new Map([[WEB, entry]]) })).toMatch("1 of 2");
    expect(standing({ open: new Map([[WEB, { ...entry, accepted: 2 }]]) })).toMatch("1 of 2");
    expect(standing({ open: new Map([[WEB, { ...entry, revision: "b" }]]) })).toMatch("0 of 2");
    expect(standing({}, true)).toBe("0 of 2 x, y: its replica does not report");
    expect(standingOf({ name: "b", report: undefined, isSilent: false }, asked)).toMatchObject({
      nodes: 1,
      accepted: 0,
    });
  });
});

test("a form is known since it was seen first without a break, also where an answer overtakes a watch", () => {
  const raw = (resourceVersion: string, form: string) => ({
    metadata: { uid: "u", resourceVersion, annotations: { form } },
  });
  const known = createKnownIngresses("ours");
  const since = () => known.get(WEB)?.formVersion;
  known.learn(WEB, raw("5", "a"), { isListed: true });
  known.learn(WEB, raw("6", "a"));
  expect(since()).toBe("5");
  known.learn(WEB, raw("9", "a"));
  expect(known.learn(WEB, raw("7", "b"))).toBe("older");
  expect(since()).toBe("9");
  known.learn(WEB, raw("12", "a"), { isListed: true });
  expect(since()).toBe("12");
  known.learn(WEB, raw("13", "b"));
  expect(since()).toBe("13");
});

/** Two replicas on one API server: `b` publishes, and `a`, the leader, reads. */
function bench({ hasPod = false } = {}) {
  const api = fakeApi();
  const clock = fakeClock();
  const shared = { api, clock, random: () => 0, namespace: "sluice", group: "g" };
  let nodes: readonly string[] = ["x"];
  let state: LiveState | undefined;
  let revision: string | undefined;
  const publisher = startReportPublisher({
    ...shared,
    name: "sluice-replica-b",
    identity: "b",
    ...(hasPod ? { pod: { name: "b", uid: "pod-uid" } } : {}),
    gateways: () => [
      {
        name: "sluice",
        liveness: {
          state: () => state,
          missing: () => [{ node: "x", resource: "http/web.example" }],
          nodes: () => nodes,
        },
        serves: () => revision !== undefined,
        listening: () => nodes.length,
      },
    ],
    revisionOf: () => revision,
    onError: () => {},
  });
  const peers = followPeerReports({ ...shared, own: "sluice-replica-a", onError: () => {} });
  const told: (readonly ObjectKey[] | "all")[] = [];
  peers.onChange((keys) => told.push(keys));
  onTestFinished(async () => {
    await Promise.all([publisher.close(), peers.close()]);
  });
  return {
    api,
    clock,
    publisher,
    peers,
    told,
    async pass(ms: number) {
      await settled(2);
      clock.advance(ms);
      await settled();
    },
    sum(formVersion = "1", of = "a") {
      const [one] = peers.standings({ key: WEB, revision: of, formVersion, gateways: ["sluice"] });
      return one === undefined ? "none" : `${one.accepted} of ${one.nodes}`;
    },
    /** What the store and the gateways of `b` have. */
    set(next: { revision?: string; accepted?: number; nodes?: readonly string[] }) {
      revision = next.revision ?? revision;
      nodes = next.nodes ?? nodes;
      state = {
        revision: revision ?? "",
        generation: 1,
        nodes: nodes.length,
        accepted: next.accepted ?? nodes.length,
        refused: 0,
      };
    },
  };
}

describe("the report of a replica", () => {
  test("reaches the others, names what is open, and wakes who waits for it", async () => {
    const { publisher, peers, pass, sum, set, told } = bench();
    set({ revision: "a", accepted: 0 });
    publisher.changed([WEB]);
    publisher.reached("", "7");
    await pass(300);
    expect(peers.isSynced()).toBe(true);
    expect(sum("7")).toBe("0 of 1");
    set({ accepted: 1 });
    publisher.changed([WEB]);
    await pass(300);
    expect(told.at(-1)).toEqual([WEB]);
    expect(sum("7")).toBe("1 of 1");
    expect(sum("8")).toBe("0 of 1");
    publisher.reached("", "8");
    await pass(1_000);
    expect(told.at(-1)).toEqual([WEB]);
    expect(sum("8")).toBe("1 of 1");
  });

  test("names an Ingress that was seen and has not reached the gateways", async () => {
    const { publisher, pass, sum, set } = bench();
    set({ revision: "a" });
    publisher.observe(WEB, "b");
    publisher.reached("", "7");
    await pass(300);
    expect(sum("7", "b")).toBe("0 of 1");
    set({ revision: "b" });
    await pass(1_000);
    expect(sum("7", "b")).toBe("1 of 1");
  });

  test("is written when it changes, once a second for a mere position, and else every five seconds", async () => {
    const { api, publisher, pass, set } = bench();
    set({ revision: "a" });
    await pass(300);
    expect(api.writes).toHaveLength(1);
    for (let version = 1; version <= 9; version++) {
      publisher.observe(WEB, "a");
      publisher.reached("", `${version}`);
      await pass(100);
    }
    expect(api.writes).toHaveLength(1);
    await pass(100);
    expect(api.writes).toHaveLength(2);
    await pass(4_900);
    publisher.changed([]);
    await pass(50);
    expect(api.writes).toHaveLength(2);
    await pass(300);
    expect(api.writes).toHaveLength(3);
  });

  test("goes when the replica stops", async () => {
    const { api, publisher, pass, sum, set } = bench();
    set({ revision: "a" });
    publisher.reached("", "7");
    await pass(300);
    expect(sum()).toBe("1 of 1");
    await publisher.close();
    await settled();
    expect([sum(), api.get(LEASE)]).toEqual(["none", undefined]);
  });
});

describe("a replica that does not renew its report", () => {
  const expire = async (made: ReturnType<typeof bench>) => {
    made.set({ revision: "a" });
    made.publisher.reached("", "7");
    await made.pass(300);
    expect(made.sum()).toBe("1 of 1");
    made.api.onWrite = ({ method }) => {
      if (method === "PATCH") throw new Error("stands still");
    };
    for (let seconds = 0; seconds < 14; seconds++) await made.pass(1_000);
    expect(made.sum()).toBe("1 of 1");
    for (let seconds = 0; seconds < 3; seconds++) await made.pass(1_000);
  };
  const pod = (uid: string, status: string) => ({
    metadata: { uid },
    status: { conditions: [{ type: "Ready", status }] },
  });

  test("is gone outside of a Pod, and its Lease is taken away", async () => {
    const made = bench();
    await expire(made);
    expect([made.sum(), made.api.get(LEASE)]).toEqual(["none", undefined]);
    expect(made.told.at(-1)).toBe("all");
  });

  test.each([
    ["lacks everything while its Pod is Ready", pod("pod-uid", "True"), "0 of 1"],
    ["is gone when its Pod is not Ready", pod("pod-uid", "False"), "none"],
    ["is gone when another Pod has its name", pod("other", "True"), "none"],
    ["is gone with its Pod", undefined, "none"],
  ])("%s", async (_, object, expected) => {
    const made = bench({ hasPod: true });
    if (object !== undefined) made.api.put(POD, object);
    await expire(made);
    expect(made.sum()).toBe(expected);
    made.api.onWrite = () => {};
    for (let seconds = 0; seconds < 8; seconds++) await made.pass(1_000);
    expect(made.sum()).toBe("1 of 1");
  });

  test("is given time anew after the watch was away", async () => {
    const made = bench();
    made.set({ revision: "a" });
    made.publisher.reached("", "7");
    await made.pass(300);
    made.api.onWrite = ({ method }) => {
      if (method === "PATCH") throw new Error("stands still");
    };
    for (let seconds = 0; seconds < 10; seconds++) await made.pass(1_000);
    made.api.endWatches();
    for (let seconds = 0; seconds < 10; seconds++) await made.pass(1_000);
    expect(made.sum()).toBe("1 of 1");
  });
});

/** What may happen, in any order. */
const STEPS = [
  "author changes it",
  "author changes it",
  "leader sees the next",
  "leader lists",
  "b sees the next",
  "b lists",
  "b applies",
  "b applies",
  "b evaluates",
  "b evaluates",
  "node accepts",
  "node accepts",
  "node connects",
  "node goes",
  "status is written",
  "300 ms pass",
  "300 ms pass",
  "5 s pass",
] as const;

test("whatever the order of events, no Ingress counts as live on a node that does not hold its form or a later one", async () => {
  const arbitrary = fc.array(fc.constantFrom(...STEPS), { minLength: 10, maxLength: 60 });
  let full = 0;
  await fc.assert(
    fc.asyncProperty(arbitrary, async (steps) => {
      const made = bench();
      const log: { readonly version: number; readonly revision: string }[] = [{ version: 10, revision: "a" }];
      const leader = createKnownIngresses("ours");
      // Places in the log: what the leader, and the replica, its store and its nodes have.
      let [leads, seen, applied] = [0, 0, 0];
      let nodes = [{ name: "x", holds: 0, counts: true }];
      let counted: typeof nodes = [];
      let reported: typeof nodes = [];
      let evaluated = "";
      const at = (place: number) => log[place] ?? { version: 0, revision: "" };
      const learn = (isListed: boolean) => {
        const { version, revision } = at(leads);
        const raw = { metadata: { uid: "u", resourceVersion: `${version}` } };
        leader.learn(WEB, raw, { revision, isListed });
      };
      const observe = () => {
        made.publisher.observe(WEB, at(seen).revision);
        made.publisher.reached("", `${at(seen).version}`);
      };
      const evaluate = () => {
        const { revision } = at(applied);
        for (const node of nodes)
          node.counts = (node.counts && evaluated === revision) || node.holds === applied;
        evaluated = revision;
        counted = [...nodes];
        const accepted = nodes.filter(({ counts }) => counts).length;
        made.set({ revision, accepted, nodes: nodes.map(({ name }) => name) });
        made.publisher.changed([WEB]);
      };
      made.api.onWrite = ({ method }) => {
        if (method === "PATCH") reported = counted;
      };
      learn(true);
      observe();
      evaluate();
      const run: Record<(typeof STEPS)[number], () => void | Promise<void>> = {
        "author changes it": () =>
          void log.push({
            version: at(log.length - 1).version + 1,
            revision: at(log.length - 1).revision === "a" ? "b" : "a",
          }),
        "status is written": () =>
          void log.push({ ...at(log.length - 1), version: at(log.length - 1).version + 1 }),
        "leader sees the next": () => {
          if (leads < log.length - 1) leads++;
          learn(false);
        },
        "leader lists": () => {
          leads = log.length - 1;
          learn(true);
        },
        "b sees the next": () => {
          if (seen < log.length - 1) seen++;
          observe();
        },
        "b lists": () => {
          seen = log.length - 1;
          observe();
        },
        "b applies": () => {
          // As liveness does at once: a node counts for no form that the store has lost meanwhile.
          if (at(seen).revision !== at(applied).revision) for (const node of nodes) node.counts = false;
          if (at(seen).revision !== at(applied).revision) evaluated = "";
          const isSame = at(seen).revision === at(applied).revision;
          if (isSame) for (const node of nodes) if (node.holds === applied) node.holds = seen;
          applied = seen;
          made.set({ revision: at(applied).revision, accepted: 0 });
        },
        "b evaluates": evaluate,
        "node accepts": () => {
          const [lagging] = nodes.filter(({ holds }) => holds < applied);
          if (lagging !== undefined) lagging.holds = applied;
        },
        "node connects": () => void nodes.push({ name: `n${log.length}`, holds: -1, counts: false }),
        "node goes": () => {
          nodes = nodes.slice(1);
        },
        "300 ms pass": () => made.pass(300),
        "5 s pass": () => made.pass(5_000),
      };
      for (const step of steps) {
        await run[step]();
        const known = leader.get(WEB);
        if (known === undefined) throw new Error("the leader knows it");
        const { revision, formVersion } = known;
        const asked = { key: WEB, revision, formVersion, gateways: ["sluice"] };
        const [one] = made.peers.standings(asked);
        if (one === undefined || one.accepted < one.nodes || one.nodes === 0) continue;
        full++;
        // The first place since which it has had this form.
        let first = leads;
        while (first > 0 && at(first - 1).revision === revision) first--;
        for (const node of reported)
          if (nodes.includes(node)) expect(node.holds, step).toBeGreaterThanOrEqual(first);
      }
    }),
    { numRuns: 60, seed: Number(process.env.PROPERTY_SEED ?? 1) },
  );
  // It would hold for one who never says so.
  expect(full).toBeGreaterThan(50);
});

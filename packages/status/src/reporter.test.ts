import { ingressRevision } from "@sluice/kubernetes-objects";
import type { Diagnostic, ObjectKey, ObjectRef } from "@sluice/model";
import { objectKey } from "@sluice/model";
import { fakeClock } from "@sluice/source-kubernetes/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LiveState, Missing } from "./liveness.ts";
import type { PeerStanding } from "./peer-standing.ts";
import { createReporter } from "./reporter.ts";
import { type FakeApi, fakeApi, settled } from "./testing/fake-api.ts";

const INGRESSES = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses";
const EVENTS = "/apis/events.k8s.io/v1/namespaces/shop/events";
const ADDRESS = [{ ip: "192.0.2.7" }];
const OURS = [
  {
    manager: "ours",
    fieldsV1: {
      "f:status": { "f:loadBalancer": {} },
      "f:metadata": { "f:annotations": { "f:sluice.dev/live": {} } },
    },
  },
];

function ingressRef(name: string): ObjectRef {
  return { kind: "Ingress", namespace: "shop", name };
}

function revisionOf(name: string, form = "r1"): string {
  return ingressRevision({ metadata: { uid: `uid-${name}` }, spec: { form } });
}

/** The revision of the first form of `web`. */
const R1 = revisionOf("web");

interface Observed {
  /** What its authors say. */
  readonly form?: string;
  readonly annotations?: object;
  readonly managedFields?: readonly object[];
}

/** A leading replica with one gateway that serves every Ingress. */
function bench(api: FakeApi = fakeApi()) {
  const clock = fakeClock();
  const states = new Map<ObjectKey, LiveState>();
  const missing: Missing[] = [];
  let elsewhere: PeerStanding[] = [];
  const reporter = createReporter({
    api,
    clock,
    random: () => 0,
    instance: "a",
    fieldManager: "ours",
    gateways: () => [
      {
        name: "sluice",
        liveness: { state: (key) => states.get(key), missing: () => missing },
        serves: () => true,
        isCurrent: () => true,
        addresses: () => ADDRESS,
      },
    ],
    isReady: () => true,
    peers: { isSynced: () => true, standings: () => elsewhere },
    log: { warn: () => {} },
  });
  onTestFinished(() => reporter.close());
  return {
    api,
    reporter,
    missing,
    setElsewhere(...next: PeerStanding[]) {
      elsewhere = next;
    },
    /** The API server has this Ingress, in this form. */
    observe(name: string, { form = "r1", ...metadata }: Observed = {}) {
      const before = api.get(`${INGRESSES}/${name}`)?.metadata;
      const given = { uid: `uid-${name}`, generation: 1, ...before, ...metadata };
      const status = { loadBalancer: { ingress: metadata.managedFields === undefined ? [] : ADDRESS } };
      reporter.observe(
        ingressRef(name),
        api.put(`${INGRESSES}/${name}`, { metadata: given, status, spec: { form } }),
      );
    },
    /** So many of these nodes of the gateway have it. */
    live(name: string, accepted: number, nodes: number, { form = "r1", refused = 0 } = {}) {
      const key = objectKey(ingressRef(name));
      states.set(key, { revision: revisionOf(name, form), generation: 1, nodes, accepted, refused });
      reporter.changed([key]);
    },
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(Math.min(500, left));
        await settled(3);
      }
    },
    annotations: (name: string) => api.get(`${INGRESSES}/${name}`)?.metadata.annotations,
    events: () =>
      api.paths(EVENTS).map((path) => {
        const { reason, note, series } = Object(api.get(path));
        return `${reason}${series === undefined ? "" : ` x${series.count}`}: ${note}`.replaceAll(R1, "r1");
      }),
  };
}

/** An Ingress on which it is written that it is live. */
function said(name: string) {
  const annotations = { "sluice.dev/live": "1 on 1 of 1", "sluice.dev/live-revision": revisionOf(name) };
  return { annotations, managedFields: OURS };
}

const SAID = said("web");

describe("an Ingress", () => {
  test("is told that it is live, once, and where", async () => {
    const { api, reporter, observe, live, pass, annotations, events } = bench();
    reporter.setLeader(true);
    observe("web");
    live("web", 1, 1);
    await pass(1_000);
    expect(annotations("web")).toEqual(SAID.annotations);
    expect(events()).toEqual(["Live: Generation 1 (revision r1) is live on the only node."]);
    const { length } = api.writes;
    observe("web", { managedFields: OURS });
    live("web", 1, 1);
    await pass(10_000);
    expect(api.writes).toHaveLength(length);
  });

  test("of which all is said already costs no request, however many there are", async () => {
    const { api, reporter, observe, live, pass } = bench();
    for (let i = 0; i < 2_000; i++) {
      observe(`web-${i}`, said(`web-${i}`));
      live(`web-${i}`, 1, 1);
    }
    reporter.setLeader(true);
    await pass(5_000);
    expect([reporter.waiting, api.writes]).toEqual([0, []]);
  });

  test("that waits for a node is given three seconds, then says on how many it is, and why, and in ten an Event", async () => {
    const { reporter, missing, observe, live, pass, annotations, events } = bench();
    reporter.setLeader(true);
    missing.push({ node: "slow", resource: "http/web.example" });
    observe("web");
    live("web", 1, 2);
    await pass(2_500);
    expect(annotations("web")).toBeUndefined();
    await pass(1_500);
    expect(annotations("web")).toMatchObject({
      "sluice.dev/live": "1 on 1 of 2",
      "sluice.dev/live-reason": "node slow has not accepted http/web.example.",
    });
    expect(events()).toEqual([]);
    await pass(7_000);
    expect(events()).toContain(
      "NotLive: Generation 1 (revision r1) is live on 1 of 2 nodes: node slow has not accepted http/web.example.",
    );
    live("web", 2, 2);
    await pass(1_000);
    expect(annotations("web")).toEqual({ ...SAID.annotations, "sluice.dev/live": "1 on 2 of 2" });
  });

  test("that Envoy refuses is told at once, with its words", async () => {
    const { reporter, missing, observe, live, pass, annotations, events } = bench();
    reporter.setLeader(true);
    missing.push({ node: "a" }, { node: "b", resource: "http/web.example", words: "no such filter" });
    observe("web");
    live("web", 0, 2, { refused: 1 });
    await pass(500);
    expect(annotations("web")).toMatchObject({ "sluice.dev/live": "1 on 0 of 2" });
    expect(events().join()).toMatch(
      /^NotLive: .*: node b refused http\/web.example: no such filter; node a has not/,
    );
  });

  test("counts the nodes of other replicas", async () => {
    const { reporter, setElsewhere, observe, live, pass, annotations } = bench();
    reporter.setLeader(true);
    const lacks = [{ node: "y", replica: "b", unknown: "its replica does not report" }];
    setElsewhere({ nodes: 2, accepted: 1, refused: 0, missing: lacks, isBehind: false });
    observe("web");
    live("web", 1, 1);
    await pass(4_000);
    expect(annotations("web")).toMatchObject({
      "sluice.dev/live": "1 on 2 of 3",
      "sluice.dev/live-reason": "node y of replica b: its replica does not report.",
    });
    setElsewhere({ nodes: 2, accepted: 2, refused: 0, missing: [], isBehind: false });
    reporter.changed("all");
    await pass(1_000);
    expect(annotations("web")).toEqual({ ...SAID.annotations, "sluice.dev/live": "1 on 3 of 3" });
  });

  test("is not spoken of while its form has not reached the gateways, nor by who does not lead", async () => {
    const { api, reporter, observe, live, pass, annotations } = bench();
    observe("web", { form: "r2" });
    live("web", 1, 1);
    await pass(5_000);
    expect(api.writes).toEqual([]);
    reporter.setLeader(true);
    await pass(5_000);
    expect(api.writes).toEqual([]);
    live("web", 1, 1, { form: "r2" });
    await pass(1_000);
    expect(annotations("web")).toMatchObject({ "sluice.dev/live-revision": revisionOf("web", "r2") });
  });
});

describe("findings", () => {
  const finding = (value: string): Diagnostic => ({
    code: "annotation-value",
    severity: "warning",
    message: `The value ${value} cannot be used.`,
    origin: { object: ingressRef("web") },
  });

  test("are told once, also by the next leader, and counted when they come back", async () => {
    const { api, reporter, observe, pass, events } = bench();
    reporter.setLeader(true);
    observe("web", SAID);
    reporter.diagnosed("part", [finding("soon")]);
    reporter.diagnosed("other part", [finding("soon")]);
    await pass(1_500);
    expect(events()).toEqual(["AnnotationValue: The value soon cannot be used."]);
    const next = bench(api);
    next.reporter.setLeader(true);
    next.observe("web", SAID);
    next.reporter.diagnosed("part", [finding("soon")]);
    await next.pass(1_500);
    expect(events()).toEqual(["AnnotationValue: The value soon cannot be used."]);
    for (const part of ["part", "other part"]) reporter.diagnosed(part, []);
    await pass(1_500);
    reporter.diagnosed("part", [finding("soon")]);
    await pass(1_500);
    expect(events()).toEqual(["AnnotationValue x2: The value soon cannot be used."]);
  });

  test("that go as soon as they come are not told", async () => {
    const { reporter, observe, pass, events } = bench();
    reporter.setLeader(true);
    observe("web", SAID);
    reporter.diagnosed("part", [finding("soon")]);
    reporter.diagnosed("part", []);
    await pass(2_000);
    expect(events()).toEqual([]);
  });

  test("are at most 25 for an object, then one in five minutes", async () => {
    const { reporter, observe, pass, events } = bench();
    reporter.setLeader(true);
    observe("web", SAID);
    reporter.diagnosed(
      "part",
      Array.from({ length: 40 }, (_, i) => finding(`v${i}`)),
    );
    await pass(30_000);
    expect(events()).toHaveLength(25);
    await pass(300_000);
    expect(events().length).toBeGreaterThan(25);
    expect(events().length).toBeLessThan(28);
  });
});

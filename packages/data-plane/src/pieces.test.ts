import { systemClock } from "@sluice/kubernetes-api";
import { describe, expect, test } from "vitest";
import { readAutoscaler } from "./autoscaler-annotation.ts";
import { deploymentState } from "./deployment-state.ts";
import { type Acceptance, fleetStatus } from "./fleet-status.ts";
import { lastGoodSpec } from "./last-good.ts";
import { createWorker } from "./worker.ts";

describe("readAutoscaler", () => {
  test.each([undefined, "", " "])("%j is none", (text) => expect(readAutoscaler(text)).toEqual({}));
  test("takes MIN-MAX", () => expect(readAutoscaler(" 2 - 30 ")).toEqual({ range: { min: 2, max: 30 } }));
  test.each(["2", "0-3", "5-2", "1-31", "a-b", "2-5-9", "-1-3"])("%s is a problem", (text) => {
    expect(readAutoscaler(text)).toEqual({ problem: expect.stringContaining(`"${text}", expected MIN-MAX`) });
  });
});

describe("lastGoodSpec", () => {
  const list = (whitelist: readonly string[]) => ({ ipAccessControl: { whitelist } });
  const previous = { global: { ...list(["10.0.0.1"]), tls: { enableHardwareAcceleration: false } } };
  test("is the spec while nothing is bad", () => {
    expect(lastGoodSpec({ name: "a" }, [], previous)).toEqual({ name: "a" });
  });
  test("keeps a bad part as it was, and takes the others", () => {
    const spec = { name: "b", global: list(["10.0.0.2", "nowhere"]) };
    expect(lastGoodSpec(spec, ["spec.global.ipAccessControl.whitelist[1]"], previous)).toEqual({
      name: "b",
      global: list(["10.0.0.1"]),
    });
    expect(lastGoodSpec({ name: 1 }, ["spec.name"], { name: "a" })).toEqual({ name: "a" });
  });
  test("leaves out a bad part that never was good", () => {
    const spec = { global: list(["nowhere"]) };
    expect(lastGoodSpec(spec, ["spec.global.ipAccessControl.whitelist[0]"], undefined)).toEqual({
      global: { ipAccessControl: {} },
    });
  });
  test("keeps each address list by itself, and a tracing that is bad as a whole", () => {
    const lists = (whitelist: readonly string[], blacklist: readonly string[]) => ({
      global: { ipAccessControl: { whitelist, blacklist } },
    });
    const first = lists(["10.0.0.1"], ["10.0.0.2"]);
    const one = lastGoodSpec(lists(["x"], ["10.0.0.3"]), ["spec.global.ipAccessControl.whitelist[0]"], first);
    expect(one).toEqual(lists(["10.0.0.1"], ["10.0.0.3"]));
    const both = ["whitelist[0]", "blacklist[0]"].map((list) => `spec.global.ipAccessControl.${list}`);
    expect(lastGoodSpec(lists(["x"], ["x"]), both, one)).toEqual(one);
    // Which list it was meant for is not known.
    const misspelt = { global: { ipAccessControl: { whiteList: ["10.0.0.9"] } } };
    expect(lastGoodSpec(misspelt, ["spec.global.ipAccessControl"], one)).toEqual(one);
    const traced = { monitor: { tracing: { xTrace: { sampleRate: "5" } } } };
    const bad = { monitor: { tracing: { openTelemetry: { sampleRate: "abc" } } } };
    expect(lastGoodSpec(bad, ["spec.monitor.tracing.openTelemetry.sampleRate"], traced)).toEqual(traced);
  });
  test("has what a reused gateway keeps, in place of what the spec says without effect", () => {
    const kept = { global: list(["10.0.0.1"]), ingress: { local: { ingressClass: "a" } } };
    const now = { id: "gw-1", global: {}, ingress: { local: { ingressClass: "b" } } };
    expect(lastGoodSpec(now, [], { id: "gw-1", override: true, ...kept })).toEqual({
      id: "gw-1",
      override: true,
      ...kept,
    });
    expect(lastGoodSpec({ ...now, global: list(["10.0.0.2"]) }, [], undefined)).toEqual({
      id: "gw-1",
      override: true,
      ingress: now.ingress,
    });
    expect(lastGoodSpec({ ...now, override: true }, [], kept)).toEqual({ ...now, override: true });
    expect(lastGoodSpec({ ...now, id: "1" }, ["spec.id"], kept)).toBe(kept);
  });
  test.each([null, "text", []])("stays where the spec is %j", (spec) => {
    expect(lastGoodSpec(spec, ["spec"], previous)).toBe(previous);
  });
});

describe("deploymentState", () => {
  const of = (status: object, managedFields: readonly object[] = []) =>
    deploymentState({ metadata: { generation: 2, managedFields }, spec: { replicas: 2 }, status });
  test("is rolled out when all that run are of the present template", () => {
    const full = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
    expect(of(full).isRolledOut).toBe(true);
    const others = [
      { observedGeneration: 1 },
      { replicas: 3 },
      { updatedReplicas: 1 },
      { availableReplicas: 1 },
    ];
    expect(others.map((change) => of({ ...full, ...change }).isRolledOut)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
  test("knows whether the number of replicas is ours", () => {
    const field = (manager: string, spec: object) => ({ manager, fieldsV1: { "f:spec": spec } });
    expect(of({}, [field("sluice", { "f:replicas": {} })]).ownsReplicas).toBe(true);
    expect(of({}, [field("sluice", {}), field("other", { "f:replicas": {} })]).ownsReplicas).toBe(false);
  });
});

describe("fleetStatus", () => {
  const deployment = { wanted: 2, available: 2, isRolledOut: true, ownsReplicas: true };
  const phase = (acceptance: Acceptance, problems: readonly string[] = []) =>
    fleetStatus({
      config: { metadata: { name: "a", uid: "u", generation: 1 } },
      fleet: { deployment, problems, renewAt: 0 },
      acceptance,
      lastGood: undefined,
      now: 0,
    }).phase;
  test("is Listening when all connected Envoys hold their listeners", () => {
    expect(phase({ nodes: 2, listening: 2 })).toBe("Listening");
    expect(phase({ nodes: 2, listening: 1 })).toBe("Running");
    expect(phase({ nodes: 0, listening: 0 })).toBe("Running");
    expect(phase({ nodes: 2, listening: 2, waits: "not yet" })).toBe("Running");
  });
  test("is Failed for what the API server refuses", () => {
    expect(phase({ nodes: 2, listening: 2 }, ["forbidden"])).toBe("Failed");
  });
});

test("a worker runs once for many requests, never twice at a time, and again after a failure", async () => {
  let running = 0;
  const runs: number[] = [];
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const worker = createWorker({
    clock: systemClock,
    random: () => 0,
    backoff: { firstMs: 2, maxMs: 2 },
    onError: () => {},
    run: async () => {
      runs.push(++running);
      const gate = gates[runs.length - 1];
      try {
        await gate?.promise;
      } finally {
        running--;
      }
      return undefined;
    },
  });
  for (let n = 0; n < 3; n++) worker.request();
  await expect.poll(() => runs).toEqual([1]);
  worker.request();
  gates[0]?.resolve();
  await expect.poll(() => runs).toEqual([1, 1]);
  gates[1]?.reject(new Error("failed"));
  await expect.poll(() => runs).toEqual([1, 1, 1]);
  gates[2]?.resolve();
  await worker.close();
});

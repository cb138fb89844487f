import { expect, test } from "vitest";
import type { Container, ContainerState, Pod, PodCondition, RunState } from "./pod.ts";
import { podStatus } from "./pod-status.ts";

const TIME = "2026-01-02T03:04:05Z";
const spec: Container = { name: "c", image: "i" };
const waiting: RunState = { is: "waiting", reason: "ContainerCreating" };
const running: RunState = { is: "running", since: TIME };
const ended = (exitCode: number): RunState => ({ is: "terminated", since: TIME, until: TIME, exitCode });

type Policy = "Always" | "OnFailure" | "Never";

function pod(restartPolicy: Policy, conditions: readonly PodCondition[] = [], deleted = false): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", generation: 2, ...(deleted && { deletionTimestamp: TIME }) },
    spec: { restartPolicy, containers: [spec] },
    status: { conditions },
  };
}

function statusOf(of: Pod, states: readonly RunState[], ready = false) {
  const containers = states.map(
    (state): ContainerState => ({ spec, state, ready, started: true, restarts: 0 }),
  );
  return podStatus({
    pod: of,
    address: "10.0.0.2",
    hostAddress: "10.0.0.1",
    startTime: TIME,
    containers,
    time: TIME,
  });
}

test.each<[string, Policy, readonly RunState[], boolean, string]>([
  ["nothing has begun", "Always", [waiting], false, "Pending"],
  ["one of two runs", "Always", [waiting, running], false, "Running"],
  ["it ended and will run again", "Always", [ended(0)], false, "Running"],
  ["it failed and will run again", "OnFailure", [ended(1)], false, "Running"],
  ["it succeeded", "OnFailure", [ended(0)], false, "Succeeded"],
  ["one of two failed for good", "Never", [ended(0), ended(1)], false, "Failed"],
  ["one of two still runs", "Never", [ended(0), running], false, "Running"],
  ["it ended as it was told", "Always", [ended(0)], true, "Succeeded"],
  ["it was killed in the end", "Always", [ended(137)], true, "Failed"],
])("%s with %s", (_what, policy, states, deleted, phase) => {
  expect(statusOf(pod(policy, [], deleted), states).phase).toBe(phase);
});

test("conditions of others stay, and a time changes with its status only", () => {
  const before: PodCondition[] = [
    { type: "example.com/gate", status: "True" },
    { type: "Ready", status: "True", lastTransitionTime: "2020-01-01T00:00:00Z" },
    { type: "ContainersReady", status: "False", lastTransitionTime: "2020-01-01T00:00:00Z" },
  ];
  const { conditions } = statusOf(pod("Always", before), [running], true);
  expect(conditions).toEqual(
    expect.arrayContaining([
      { type: "example.com/gate", status: "True" },
      { type: "Ready", status: "True", lastTransitionTime: "2020-01-01T00:00:00Z" },
      { type: "ContainersReady", status: "True", lastTransitionTime: TIME },
    ]),
  );
  expect(conditions.filter(({ type }) => type === "Ready")).toHaveLength(1);
});

test("addresses are given in both forms", () => {
  expect(statusOf(pod("Always"), [running])).toMatchObject({
    podIP: "10.0.0.2",
    podIPs: [{ ip: "10.0.0.2" }],
    hostIP: "10.0.0.1",
    observedGeneration: 2,
  });
});

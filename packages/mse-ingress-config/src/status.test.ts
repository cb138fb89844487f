import { expect, test } from "vitest";
import { type GatewayState, phaseOf, statusOf } from "./status.ts";

const state = (dataPlane: boolean, listening: boolean, more: Partial<GatewayState> = {}): GatewayState => ({
  generation: 4,
  dataPlane: {
    ready: dataPlane,
    message: dataPlane ? "3 of 3 Envoys are ready." : "0 of 3 Envoys are ready.",
  },
  listening: {
    ready: listening,
    message: listening ? "Ingresses of class mse." : "No Ingress is listened to.",
  },
  now: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  ...more,
});

test("the phase is how far the gateway has come", () => {
  expect(phaseOf(state(false, true))).toBe("Pending");
  expect(phaseOf(state(true, false))).toBe("Running");
  expect(phaseOf(state(true, true))).toBe("Listening");
  expect(phaseOf(state(true, true, { failed: { message: "no" } }))).toBe("Failed");
});

test("conditions tell what the phase hides", () => {
  const { conditions, phase, message } = statusOf(state(true, true, { failed: { message: "Wrong." } }));
  expect({ phase, message }).toEqual({ phase: "Failed", message: "Wrong." });
  expect(conditions.map(({ type, status }) => [type, status])).toEqual([
    ["Accepted", "False"],
    ["DataPlaneReady", "True"],
    ["Listening", "True"],
  ]);
});

test("a condition has the time of its last change", () => {
  const first = statusOf(state(false, true));
  const later = statusOf(state(true, true, { now: Date.UTC(2026, 0, 2, 3, 5) }), first);
  expect(later.conditions.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
    "2026-01-02T03:04:05Z",
    "2026-01-02T03:05:00Z",
    "2026-01-02T03:04:05Z",
  ]);
  expect(statusOf(state(true, true, { now: 0 }), later)).toEqual(later);
});

import { type Condition, type MseIngressConfigStatus, statusOf } from "@sluice/mse-ingress-config";
import { z } from "zod";
import type { GatewayConfig } from "./gateway-config.ts";
import type { LastGood } from "./last-good.ts";
import type { Reconciled } from "./reconcile.ts";

/** How far the configuration of a gateway has come to its Envoys. */
export interface Acceptance {
  /** Envoys that are connected, to whichever replica of the control plane. */
  readonly nodes: number;
  /** Those of them that have accepted every listener. */
  readonly listening: number;
  /** Why the gateway does not watch Ingresses yet, such as a source that has not synced; absent: it does. */
  readonly waits?: string;
}

export interface StatusInput {
  readonly config: GatewayConfig;
  /** Of the spec that the rest is about. Absent: that of `config`. */
  readonly generation?: number;
  /** What the spec's own check said. */
  readonly failed?: { readonly message: string };
  /** Absent: the gateway is reused, and its Envoys are not ours. */
  readonly fleet?: Reconciled;
  readonly acceptance: Acceptance;
  readonly lastGood: LastGood | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is written as `status`. */
export interface FleetStatus extends MseIngressConfigStatus {
  /** The spec, part by part, as it was when that part was good. */
  readonly lastGood?: LastGood;
}

const Previous = z.object({
  conditions: z.array(
    z.object({
      type: z.string(),
      status: z.enum(["True", "False", "Unknown"]),
      lastTransitionTime: z.string(),
    }),
  ),
});

/** The status that a gateway should have now. Equal states give equal statuses. Pure. */
export function fleetStatus(input: StatusInput): FleetStatus {
  const { config, failed, fleet, acceptance, lastGood, now } = input;
  const generation = input.generation ?? config.metadata.generation;
  const dataPlane = dataPlaneState(fleet, acceptance);
  const status = statusOf(
    {
      ...(generation !== undefined && { generation }),
      ...(failed !== undefined && { failed }),
      dataPlane,
      listening: listeningState(fleet, acceptance),
      now,
    },
    previousConditions(config.status),
  );
  const problem = failed === undefined ? fleetProblem(fleet) : undefined;
  return {
    ...status,
    ...(problem !== undefined && { phase: "Failed", message: problem }),
    ...(lastGood !== undefined && { lastGood }),
  };
}

/** One that cannot be made is Failed; while old Envoys still serve, the conditions say that they do. */
function fleetProblem(fleet: Reconciled | undefined): string | undefined {
  return fleet?.problems[0] ?? fleet?.deployment?.problem;
}

function dataPlaneState(
  fleet: Reconciled | undefined,
  { nodes }: Acceptance,
): { ready: boolean; message: string } {
  if (fleet === undefined)
    return { ready: nodes > 0, message: `The gateway is reused; ${nodes} of its Envoys are connected.` };
  const { deployment } = fleet;
  const problem = fleetProblem(fleet);
  if (deployment === undefined) return { ready: false, message: problem ?? "The Envoys are being made." };
  const { wanted, available, isRolledOut } = deployment;
  const counted = `${available} of ${wanted} Envoys are ready.`;
  if (problem !== undefined) return { ready: available > 0, message: `${counted} ${problem}` };
  // No Envoys are all the Envoys that are wanted.
  if (wanted === 0) return { ready: true, message: "No Envoys are wanted." };
  return { ready: available > 0, message: isRolledOut ? counted : `${counted} A rollout is under way.` };
}

function listeningState(
  fleet: Reconciled | undefined,
  { nodes, listening, waits }: Acceptance,
): { ready: boolean; message: string } {
  if (waits !== undefined) return { ready: false, message: waits };
  if (fleet?.deployment?.wanted === 0) return { ready: false, message: "There are no Envoys." };
  const message = `${listening} of ${nodes} Envoys have accepted their listeners.`;
  return { ready: nodes > 0 && listening === nodes, message };
}

function previousConditions(status: unknown): { readonly conditions: readonly Condition[] } | undefined {
  const parsed = Previous.safeParse(status);
  // Only type, status and time of them are looked at, and other types by nobody.
  return parsed.success
    ? { conditions: parsed.data.conditions as unknown as readonly Condition[] }
    : undefined;
}

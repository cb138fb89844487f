/** In the order of a good start; Failed from anywhere, and back. */
export const PHASES = ["Pending", "Running", "Listening", "Failed"] as const;
export type Phase = (typeof PHASES)[number];

/** What conditions there are: the spec is understood as a whole; enough Envoys are ready; Ingresses are watched and served. */
export const CONDITION_TYPES = ["Accepted", "DataPlaneReady", "Listening"] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** As `metav1.Condition`. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  /** RFC 3339, whole seconds. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** `status` of a MseIngressConfig. */
export interface MseIngressConfigStatus {
  readonly phase: Phase;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly conditions: readonly Condition[];
}

/** What is known of a gateway when its status is written. */
export interface GatewayState {
  readonly generation?: number;
  /** As {@link gatewayDefinition} says it, or what else went wrong. */
  readonly failed?: { readonly message: string };
  readonly dataPlane: { readonly ready: boolean; readonly message: string };
  /** Whether the gateway watches Ingresses: its source has synced and its rules can match something. */
  readonly listening: { readonly ready: boolean; readonly message: string };
  /** Now, milliseconds since the epoch. */
  readonly now: number;
}

/** The phase of a gateway: the furthest that it has come, or Failed. */
export function phaseOf({ failed, dataPlane, listening }: GatewayState): Phase {
  if (failed !== undefined) return "Failed";
  if (!dataPlane.ready) return "Pending";
  return listening.ready ? "Listening" : "Running";
}

/** The status to write. A condition keeps its time for as long as its status stays, so that equal states give equal statuses. */
export function statusOf(
  state: GatewayState,
  previous?: Pick<MseIngressConfigStatus, "conditions">,
): MseIngressConfigStatus {
  const phase = phaseOf(state);
  const observed = state.generation === undefined ? {} : { observedGeneration: state.generation };
  const condition = (type: ConditionType, isTrue: boolean, reason: string, message: string): Condition => {
    const status = isTrue ? "True" : "False";
    const last = previous?.conditions.find((known) => known.type === type);
    const lastTransitionTime =
      last?.status === status
        ? last.lastTransitionTime
        : `${new Date(state.now).toISOString().slice(0, 19)}Z`;
    return { type, status, reason, message, lastTransitionTime, ...observed };
  };
  const { failed, dataPlane, listening } = state;
  return {
    phase,
    message: failed?.message ?? (phase === "Pending" ? dataPlane.message : listening.message),
    ...observed,
    conditions: [
      condition("Accepted", failed === undefined, failed ? "Invalid" : "Accepted", failed?.message ?? ""),
      condition("DataPlaneReady", dataPlane.ready, dataPlane.ready ? "Ready" : "NotReady", dataPlane.message),
      condition(
        "Listening",
        listening.ready,
        listening.ready ? "Listening" : "NotListening",
        listening.message,
      ),
    ],
  };
}

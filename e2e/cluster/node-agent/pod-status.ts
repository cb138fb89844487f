import type { ContainerState, Pod, PodCondition, PodPhase, RunState } from "./pod.ts";

export interface StatusFacts {
  readonly pod: Pod;
  readonly address: string;
  readonly hostAddress: string;
  readonly startTime: string;
  readonly containers: readonly ContainerState[];
  /** Sidecars among them. */
  readonly initContainers?: readonly ContainerState[];
  /** When the status is made, RFC 3339. */
  readonly time: string;
}

/**
 * The status of a Pod as a kubelet would report it, whole but for the conditions of others, which stay as they are:
 * it is meant for a merge patch, which replaces lists.
 */
export function podStatus(facts: StatusFacts) {
  const { pod, address, hostAddress, containers, initContainers = [] } = facts;
  return {
    observedGeneration: pod.metadata.generation ?? 0,
    phase: phaseOf(pod, containers, initContainers),
    startTime: facts.startTime,
    podIP: address,
    podIPs: [{ ip: address }],
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    conditions: conditions(facts),
    ...(initContainers.length > 0 && { initContainerStatuses: initContainers.map(containerStatus) }),
    containerStatuses: containers.map(containerStatus),
  };
}

/** Whether all containers, and the sidecars among the init containers, are up and answer their readiness probes. */
export function isReady(
  containers: readonly ContainerState[],
  initContainers: readonly ContainerState[] = [],
): boolean {
  const sidecars = initContainers.filter(({ spec }) => spec.restartPolicy === "Always");
  return [...containers, ...sidecars].every(({ ready }) => ready);
}

/** Whether an init container stands in nobody's way any more. */
function isInitialized({ spec, state, started }: ContainerState): boolean {
  if (spec.restartPolicy === "Always") return started;
  return state.is === "terminated" && state.exitCode === 0;
}

function phaseOf(
  pod: Pod,
  containers: readonly ContainerState[],
  initContainers: readonly ContainerState[],
): PodPhase {
  const failed = initContainers.some(
    ({ spec, state }) => spec.restartPolicy !== "Always" && state.is === "terminated" && state.exitCode !== 0,
  );
  if (failed && pod.spec.restartPolicy === "Never") return "Failed";
  const ended = containers.flatMap(({ state }) => (state.is === "terminated" ? [state.exitCode] : []));
  if (ended.length === containers.length && endsForGood(pod, ended)) {
    return ended.every((code) => code === 0) ? "Succeeded" : "Failed";
  }
  const begun = containers.some(({ state, restarts }) => state.is !== "waiting" || restarts > 0);
  return begun ? "Running" : "Pending";
}

function endsForGood({ metadata, spec }: Pod, exitCodes: readonly number[]): boolean {
  if (metadata.deletionTimestamp !== undefined || spec.restartPolicy === "Never") return true;
  return spec.restartPolicy === "OnFailure" && exitCodes.every((code) => code === 0);
}

function conditions({ pod, containers, initContainers = [], time }: StatusFacts): PodCondition[] {
  const before = pod.status?.conditions ?? [];
  const ready = isReady(containers, initContainers);
  const own = (type: string, holds: boolean, reason: string): PodCondition => {
    const status = holds ? "True" : "False";
    const known = before.find((each) => each.type === type && each.status === status);
    return {
      type,
      status,
      lastTransitionTime: known?.lastTransitionTime ?? time,
      ...(!holds && { reason }),
    };
  };
  const ours = [
    own("PodScheduled", true, ""),
    own("Initialized", initContainers.every(isInitialized), "ContainersNotInitialized"),
    own("PodReadyToStartContainers", true, ""),
    own("ContainersReady", ready, "ContainersNotReady"),
    own("Ready", ready, "ContainersNotReady"),
  ];
  return [...before.filter(({ type }) => !ours.some((each) => each.type === type)), ...ours];
}

function containerStatus({ spec, state, ready, started, restarts }: ContainerState) {
  return {
    name: spec.name,
    image: spec.image,
    imageID: spec.image,
    ready,
    started,
    restartCount: restarts,
    state: stateOf(state),
  };
}

function stateOf(state: RunState) {
  switch (state.is) {
    case "waiting":
      return { waiting: { reason: state.reason, message: state.message ?? "" } };
    case "running":
      return { running: { startedAt: state.since } };
    case "terminated":
      return {
        terminated: {
          exitCode: state.exitCode,
          reason: state.exitCode === 0 ? "Completed" : "Error",
          startedAt: state.since,
          finishedAt: state.until,
        },
      };
  }
}

import type { ContainerState, Pod, PodCondition, PodPhase, RunState } from "./pod.ts";

export interface StatusFacts {
  readonly pod: Pod;
  readonly address: string;
  readonly hostAddress: string;
  readonly startTime: string;
  readonly containers: readonly ContainerState[];
  /** When the status is made, RFC 3339. */
  readonly time: string;
}

/**
 * The status of a Pod as a kubelet would report it, whole but for the conditions of others, which stay as they are:
 * it is meant for a merge patch, which replaces lists.
 */
export function podStatus(facts: StatusFacts) {
  const { pod, address, hostAddress, containers } = facts;
  return {
    observedGeneration: pod.metadata.generation ?? 0,
    phase: phaseOf(pod, containers),
    startTime: facts.startTime,
    podIP: address,
    podIPs: [{ ip: address }],
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    conditions: conditions(facts),
    containerStatuses: containers.map(containerStatus),
  };
}

/** Whether all containers are up and answer their readiness probes. */
export function isReady(containers: readonly ContainerState[]): boolean {
  return containers.every(({ ready }) => ready);
}

function phaseOf(pod: Pod, containers: readonly ContainerState[]): PodPhase {
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

function conditions({ pod, containers, time }: StatusFacts): PodCondition[] {
  const before = pod.status?.conditions ?? [];
  const ready = isReady(containers);
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
    own("Initialized", true, ""),
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

import type { KubeObject } from "../src/objects.ts";

/** The fields of a Pod that the agent reads: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1. */
export interface Pod extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly schedulerName?: string;
    readonly schedulingGates?: readonly unknown[];
    readonly restartPolicy?: "Always" | "OnFailure" | "Never";
    readonly serviceAccountName?: string;
    readonly containers: readonly Container[];
  };
  readonly status?: {
    readonly phase?: PodPhase;
    readonly conditions?: readonly PodCondition[];
  };
}

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

export interface PodCondition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly lastTransitionTime?: string;
  readonly reason?: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol?: string;
  }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: Action };
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/** What a probe or a hook does; one of its fields is set. */
export interface Action {
  readonly httpGet?: {
    readonly port: number | string;
    readonly path?: string;
    readonly host?: string;
    readonly scheme?: "HTTP" | "HTTPS";
    readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string };
  readonly exec?: { readonly command: readonly string[] };
  /** In hooks only. */
  readonly sleep?: { readonly seconds: number };
}

export interface Probe extends Action {
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

/** A container as the agent knows it. */
export interface ContainerState {
  readonly spec: Container;
  /** Each change replaces it. */
  readonly state: RunState;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restarts: number;
}

export type RunState =
  | { readonly is: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly is: "running"; readonly since: string }
  | { readonly is: "terminated"; readonly since: string; readonly until: string; readonly exitCode: number };

/** Path of a Pod in the API. */
export function podPath({ metadata: { namespace = "default", name } }: Pod): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}

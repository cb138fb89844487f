import { echoDeployment } from "../cluster/manifests.ts";
import type { KubeObject } from "../cluster/src/objects.ts";
import { ingressObject } from "../kubernetes/objects.ts";

/** The application of the proof, its Service, its Ingress and its Rollout have this name. */
export const APP = "web";
export const HOST = "web.example.com";
const REPLICAS = 2;

/** One step of a Rollout: who goes to the new version, and with which headers. */
export interface Step {
  readonly traffic?: string;
  readonly matches?: readonly object[];
  readonly requestHeaderModifier?: object;
}

/** A Deployment whose pods call themselves by their version, and its Service. */
export function application(version: string): readonly KubeObject[] {
  return echoDeployment(APP, { replicas: REPLICAS }).map((object) => {
    if (object.kind !== "Deployment") return object;
    // echoDeployment has made it, with one container.
    const deployment = structuredClone(object) as KubeObject & {
      spec: { template: { spec: { containers: { env?: object[]; lifecycle?: object }[] } } };
    };
    for (const container of deployment.spec.template.spec.containers) {
      container.env = [{ name: "ECHO_NAME", value: version }];
      // Kruise 0.6 copies Deployments by types that do not know `sleep`, and the copy is refused.
      container.lifecycle = { preStop: { exec: { command: ["sleep", "3"] } } };
    }
    return deployment;
  });
}

/** The user's Ingress, with an annotation that a canary inherits. */
export function ingress(): KubeObject {
  return ingressObject({
    name: APP,
    host: HOST,
    paths: [{ path: "/", service: APP }],
    annotations: { "request-header-control-add": "x-stable yes" },
  });
}

/** A Rollout that waits after each step until somebody approves. */
export function rollout(steps: readonly Step[]): KubeObject {
  const object = {
    apiVersion: "rollouts.kruise.io/v1beta1",
    kind: "Rollout",
    metadata: { name: APP, namespace: "default" },
    spec: {
      workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: APP },
      strategy: {
        canary: {
          enableExtraWorkloadForCanary: true,
          // A share of 100 % would be gone through without a pause, the number is not.
          steps: steps.map((step, index) => ({
            ...step,
            replicas: index === steps.length - 1 ? REPLICAS : 1,
            pause: {},
          })),
          trafficRoutings: [{ service: APP, ingress: { name: APP, classType: "mse" } }],
        },
      },
    },
  };
  return object;
}

export function byHeader(name: string, value: string): object {
  return { headers: [{ type: "Exact", name, value }] };
}

export function byQuery(name: string, value: string): object {
  return { queryParams: [{ type: "Exact", name, value }] };
}

import type { KubeObject } from "./src/objects.ts";

export interface EchoOptions {
  readonly replicas: number;
  /** Default: none, and the container ends when it has answered what it has. */
  readonly preStopSeconds?: number;
  /** It ends at once on SIGTERM. */
  readonly abrupt?: boolean;
  readonly graceSeconds?: number;
}

/** Port of the containers of {@link echoDeployment}. */
export const ECHO_PORT = 8080;

/** A Deployment of echo backends that are ready when they answer, and a Service of its name on port 80. */
export function echoDeployment(name: string, options: EchoOptions): readonly KubeObject[] {
  const { replicas, preStopSeconds, abrupt = false, graceSeconds = 30 } = options;
  const labels = { app: name };
  const container = {
    name: "echo",
    image: "sluice/echo",
    ports: [{ name: "http", containerPort: ECHO_PORT }],
    readinessProbe: { httpGet: { port: "http", path: "/" } },
    ...(preStopSeconds !== undefined && { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }),
    ...(abrupt && { env: [{ name: "ECHO_ABRUPT", value: "1" }] }),
  };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [container], terminationGracePeriodSeconds: graceSeconds },
      },
    },
  };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  };
  return [deployment, service];
}

import { FLEET_PORTS } from "../defaults.ts";
import type { Fleet, FleetCertificate, FleetSettings } from "../fleet.ts";
import { bootstrapFiles } from "./bootstrap-files.ts";
import { deployment } from "./deployment.ts";
import { type FleetKind, type FleetObject, fleetObject } from "./fleet-object.ts";
import { certificateName, fleetName, podLabels, serviceName } from "./names.ts";

/** The share of the requested CPU above which an autoscaler adds Envoys, percent. */
const AUTOSCALER_CPU_PERCENT = 70;

/** What is decided with a look at the cluster. */
export interface Decided {
  /** Absent: the Secret that is there stays as it is, since its certificate is still good. */
  readonly certificate?: FleetCertificate;
  /** Absent: the number of Envoys is not ours to say, but an autoscaler's. */
  readonly replicas?: number;
}

/** The objects of a fleet, in the order in which they are to be applied: what a Pod needs goes before the Pods. Pure. */
export function desiredObjects(
  fleet: Fleet,
  settings: FleetSettings,
  { certificate, replicas }: Decided,
): readonly FleetObject[] {
  const name = fleetName(fleet.definition.name);
  const files = bootstrapFiles(fleet, settings);
  return [
    fleetObject(fleet, settings, "ServiceAccount", name, { automountServiceAccountToken: false }),
    fleetObject(fleet, settings, "ConfigMap", name, { data: files }),
    ...(certificate === undefined ? [] : [secret(fleet, settings, certificate)]),
    disruptionBudget(fleet, settings),
    ...services(fleet, settings),
    deployment(fleet, settings, files, replicas),
    ...autoscaler(fleet, settings),
  ];
}

/** Whether a fleet has such an object: one of ours that it does not have is to be deleted. */
export function isDesired(fleet: Fleet, kind: FleetKind, name: string): boolean {
  const gateway = fleet.definition.name;
  if (kind === "Secret") return name === certificateName(gateway);
  if (kind === "Service")
    return fleet.needs.loadBalancers.some((each) => name === serviceName(gateway, each.kind));
  if (kind === "HorizontalPodAutoscaler" && fleet.autoscaler === undefined) return false;
  return name === fleetName(gateway);
}

function secret(
  fleet: Fleet,
  settings: FleetSettings,
  { certificate, key, bundle }: FleetCertificate,
): FleetObject {
  const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
  return fleetObject(fleet, settings, "Secret", certificateName(fleet.definition.name), {
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certificate), "tls.key": base64(key), "ca.crt": base64(bundle) },
  });
}

/** One at a time: an Envoy that is evicted has drained, and its successor is ready, before the next one may go. */
function disruptionBudget(fleet: Fleet, settings: FleetSettings): FleetObject {
  const gateway = fleet.definition.name;
  return fleetObject(fleet, settings, "PodDisruptionBudget", fleetName(gateway), {
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: podLabels(gateway) },
      // One that is not ready serves nobody, and must not hold up the draining of its node.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  });
}

/** `Local` keeps the addresses of clients, and lets load balancers see on which nodes an Envoy is ready. */
function services(fleet: Fleet, settings: FleetSettings): readonly FleetObject[] {
  const gateway = fleet.definition.name;
  const kinds = fleet.needs.loadBalancers;
  return kinds.map(({ kind, annotations }) =>
    fleetObject(fleet, settings, "Service", serviceName(gateway, kind), {
      annotations,
      spec: {
        type: "LoadBalancer",
        externalTrafficPolicy: "Local",
        selector: podLabels(gateway),
        ports: [
          { name: "http", port: FLEET_PORTS.http, targetPort: "http", protocol: "TCP" },
          { name: "https", port: FLEET_PORTS.https, targetPort: "https", protocol: "TCP" },
        ],
      },
    }),
  );
}

function autoscaler(fleet: Fleet, settings: FleetSettings): readonly FleetObject[] {
  if (fleet.autoscaler === undefined) return [];
  const name = fleetName(fleet.definition.name);
  const { min, max } = fleet.autoscaler;
  return [
    fleetObject(fleet, settings, "HorizontalPodAutoscaler", name, {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: min,
        maxReplicas: max,
        metrics: [
          {
            type: "Resource",
            resource: {
              name: "cpu",
              target: { type: "Utilization", averageUtilization: AUTOSCALER_CPU_PERCENT },
            },
          },
        ],
      },
    }),
  ];
}

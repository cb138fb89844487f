import { createHash } from "node:crypto";
import { PROBE_PORT } from "@sluice/envoy";
import type { Fleet, FleetSettings } from "../fleet.ts";
import { ADMIN_PORT, CERTIFICATE_FOLDER, CONFIG_FOLDER } from "./bootstrap-files.ts";
import { type FleetObject, fleetObject } from "./fleet-object.ts";
import { certificateName, fleetName, podLabels } from "./names.ts";

/** What a Pod has from the end of its drain until it is killed, for Envoy's own end. */
const END_SECONDS = 15;
/** The user `envoy` of Envoy's image. */
const ENVOY_USER = 101;

/** Changes roll the Envoys. A rotated certificate must not, so it is not among them. */
export const CHECKSUM_ANNOTATION = "sluice.dev/bootstrap-checksum";

/**
 * The Envoys. `replicas` is absent where an autoscaler decides. A new one is ready before an old one is told to end, which
 * then drains by its preStop hook.
 */
export function deployment(
  fleet: Fleet,
  settings: FleetSettings,
  files: Readonly<Record<string, string>>,
  replicas: number | undefined,
): FleetObject {
  const gateway = fleet.definition.name;
  return fleetObject(fleet, settings, "Deployment", fleetName(gateway), {
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: podLabels(gateway) },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } },
      template: {
        metadata: {
          labels: podLabels(gateway),
          annotations: { [CHECKSUM_ANNOTATION]: checksum(files) },
        },
        spec: podSpec(fleet, settings),
      },
    },
  });
}

function podSpec(fleet: Fleet, settings: FleetSettings): object {
  const gateway = fleet.definition.name;
  const { drainSeconds } = fleet.definition.settings;
  return {
    serviceAccountName: fleetName(gateway),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: drainSeconds + END_SECONDS,
    ...(settings.priorityClassName !== undefined && { priorityClassName: settings.priorityClassName }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: ENVOY_USER,
      runAsGroup: ENVOY_USER,
      fsGroup: ENVOY_USER,
      seccompProfile: { type: "RuntimeDefault" },
    },
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
      (topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: podLabels(gateway) },
        matchLabelKeys: ["pod-template-hash"],
      }),
    ),
    containers: [container(fleet, settings)],
    volumes: [
      { name: "config", configMap: { name: fleetName(gateway), defaultMode: 0o444 } },
      { name: "xds-certificate", secret: { secretName: certificateName(gateway), defaultMode: 0o440 } },
    ],
  };
}

/**
 * No liveness probe: `/ready` fails while Envoy drains or waits for its control plane, and a restart would end what still
 * works. Envoy's watchdog ends it when a thread hangs. The startup probe gives the control plane ten minutes.
 */
function container({ definition, needs }: Fleet, settings: FleetSettings): object {
  const { http, https, drainSeconds } = definition.settings;
  const ready = { httpGet: { path: "/ready", port: "metrics" }, timeoutSeconds: 2 };
  const drain = [`${CONFIG_FOLDER}/drain.sh`, ADMIN_PORT, drainSeconds, settings.settleSeconds];
  return {
    name: "envoy",
    image: settings.image,
    // The entry point of the image is Envoy.
    args: [
      ...["--config-path", `${CONFIG_FOLDER}/bootstrap.json`],
      ...["--service-node", "$(POD_NAME)", "--service-cluster", definition.name],
      ...["--concurrency", needs.resources.cpu],
      ...["--drain-time-s", String(drainSeconds), "--disable-hot-restart", "--log-level", "warning"],
    ],
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    ports: [
      { name: "http", containerPort: http.port, protocol: "TCP" },
      { name: "https", containerPort: https.port, protocol: "TCP" },
      { name: "metrics", containerPort: PROBE_PORT, protocol: "TCP" },
    ],
    resources: { requests: needs.resources, limits: needs.resources },
    startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 600 },
    readinessProbe: { ...ready, periodSeconds: 5, failureThreshold: 1 },
    lifecycle: { preStop: { exec: { command: ["/bin/bash", ...drain.map(String)] } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "config", mountPath: CONFIG_FOLDER, readOnly: true },
      { name: "xds-certificate", mountPath: CERTIFICATE_FOLDER, readOnly: true },
    ],
  };
}

function checksum(files: Readonly<Record<string, string>>): string {
  return createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
}

export { AUTOSCALER_ANNOTATION } from "./autoscaler-annotation.ts";
export { DEFAULT_ENVOY_IMAGE, DEFAULT_SETTLE_SECONDS } from "./defaults.ts";
export { DRAIN_SCRIPT } from "./drain-script.ts";
export type {
  AutoscalerRange,
  Fleet,
  FleetCertificate,
  FleetNeeds,
  FleetSettings,
} from "./fleet.ts";
export type { Acceptance } from "./fleet-status.ts";
export { desiredObjects } from "./objects/desired-objects.ts";
export { serviceName } from "./objects/names.ts";
export type { CertificateIssuer } from "./reconcile.ts";
export {
  type DataPlane,
  type DataPlaneLog,
  type DataPlaneOptions,
  type ManagedGateway,
  startDataPlane,
} from "./start-data-plane.ts";

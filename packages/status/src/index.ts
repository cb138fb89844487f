export type { IngressFacts, PublishedAddress } from "./facts.ts";
export {
  type Aside,
  createLiveness,
  type IngressForm,
  type Liveness,
  type LivenessSource,
  type LiveState,
  type Missing,
} from "./liveness.ts";
export type { ReportedGateway } from "./merged-state.ts";
export type { LiveNode, Standing } from "./node.ts";
export { followPeerReports, type PeerReports, type PeerReportsOptions } from "./peer-reports.ts";
export { type ReplicaPod, replicaLeaseName } from "./replica-lease.ts";
export { type PublishedGateway, type ReportPublisher, startReportPublisher } from "./report-publisher.ts";
export {
  createReporter,
  type Reporter,
  type ReporterCounts,
  type ReporterLog,
  type ReporterOptions,
} from "./reporter.ts";
export {
  followServiceAddresses,
  type ServiceAddresses,
  type ServiceAddressesOptions,
  serviceAddresses,
} from "./service-addresses.ts";
export { type WaitForIngressOptions, type WaitResult, waitForIngress } from "./wait-for-ingress.ts";

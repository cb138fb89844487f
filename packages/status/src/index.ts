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
export type { LiveNode, Standing } from "./node.ts";
export {
  createReporter,
  type ReportedGateway,
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

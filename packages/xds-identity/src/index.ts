export { type Authority, advance, firstAuthority, nextStep } from "./authority.ts";
export {
  createAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPair,
  type Validity,
} from "./issue.ts";
export { checkLifetimes, DEFAULT_LIFETIMES, type Lifetimes, renewalTime } from "./lifetimes.ts";
export { AUTHORITY_SECRET, gatewayOf, gatewayUri, refuseGateway } from "./names.ts";
export {
  type GatewayCertificate,
  type ServerIdentity,
  type StoredCertificate,
  startXdsIdentity,
  type XdsIdentity,
  type XdsIdentityOptions,
} from "./xds-identity.ts";

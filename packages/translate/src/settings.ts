import type { NameLookup } from "@sluice/dns";
import type { Certificate } from "@sluice/model";

/** What the operator decides about translation. */
export interface TranslateSettings {
  /** Name of the class that is ours; it needs no IngressClass object. */
  readonly ingressClass: string;
  /** `spec.controller` of IngressClass objects whose class is ours, whatever their name. */
  readonly controller: string;
  /** Whether a host with a certificate redirects plain HTTP unless its Ingress says otherwise. */
  readonly sslRedirect: boolean;
  /** The port that clients use for HTTPS, for redirects that name it. */
  readonly httpsPort: number;
  /** Whether Services of type ExternalName may be backends. Dangerous addresses are refused even so. */
  readonly allowExternalName: boolean;
  /** Knows the addresses of their names; absent where nothing is to be asked of the network. */
  readonly dns?: NameLookup;
  /** Whether annotations may name Secrets and ConfigMaps of other namespaces. */
  readonly allowCrossNamespace: boolean;
  /** Milliseconds since the epoch, for the ends of certificates. */
  readonly now: () => number;
  /** Served without SNI, for unknown names, and where a Secret cannot be used. */
  readonly defaultCertificate: Certificate;
}

export const DEFAULT_INGRESS_CLASS = "mse";
export const DEFAULT_CONTROLLER = "mse.alibabacloud.com/ingress";

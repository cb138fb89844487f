import type { NameLookup } from "@sluice/dns";
import type { Certificate, ListeningRules } from "@sluice/model";

/** What the operator decides about translation. */
export interface TranslateSettings {
  /** Which Ingresses are the gateway's. */
  readonly listens: ListeningRules;
  /** Whether a host with a certificate redirects plain HTTP unless its Ingress says otherwise. */
  readonly sslRedirect: boolean;
  /** The port that clients use for HTTPS, for redirects that name it. */
  readonly httpsPort: number;
  /** How many Envoys share the traffic of the gateway. Default 1. */
  readonly instances?: number;
  /** Whether Services of type ExternalName may be backends. Dangerous addresses are refused even so. */
  readonly allowExternalName: boolean;
  /** Whether `ssl-passthrough` has an effect. */
  readonly sslPassthrough: boolean;
  /** Knows the addresses of their names; absent where nothing is to be asked of the network. */
  readonly dns?: NameLookup;
  /** Whether annotations may name Secrets and ConfigMaps of other namespaces. */
  readonly allowCrossNamespace: boolean;
  /** Milliseconds since the epoch, for the ends of certificates. */
  readonly now: () => number;
  /** Served without SNI, for unknown names, and where a Secret cannot be used, unless `defaultSecret` can be. */
  readonly defaultCertificate: Certificate;
  /** The Secret whose certificate is served in place of `defaultCertificate` as soon as it is there. */
  readonly defaultSecret?: DefaultSecret;
}

export interface DefaultSecret {
  readonly namespace: string;
  readonly name: string;
  /** Whether it was asked for by name: then it is reported when it is missing. */
  readonly expected: boolean;
}

export const DEFAULT_INGRESS_CLASS = "mse";
export const DEFAULT_CONTROLLER = "mse.alibabacloud.com/ingress";

/** One difference between two gateway models. Plain data; the certificate and policy bytes are never in it. */
export type Change =
  | HostChange
  | HostCertificateChange
  | RouteChange
  | RouteAspectChange
  | RouteOrderChange
  | PolicyChange
  | WeightChange
  | ClusterChange
  | ClusterAspectChange
  | EndpointsChange
  | CertificateChange;

export interface HostChange {
  readonly kind: "host-added" | "host-removed";
  readonly host: string;
  readonly routes: readonly RouteLine[];
  readonly certificate?: string;
}

/** Which certificate a host serves; an absent name is the default certificate. */
export interface HostCertificateChange {
  readonly kind: "host-certificate";
  readonly host: string;
  readonly before?: string;
  readonly after?: string;
}

export interface RouteLine {
  readonly route: string;
  readonly match: string;
  readonly action: string;
}

export interface RouteChange extends RouteLine {
  readonly kind: "route-added" | "route-removed";
  readonly host: string;
}

/** What changes alike on one or several routes of a host. `http` is what plain HTTP gets, if that is something else. */
export interface RouteAspectChange {
  readonly kind: "route-changed";
  readonly host: string;
  readonly routes: readonly string[];
  /** Of the first route, before. */
  readonly match: string;
  readonly aspect: "name" | "match" | "action" | "weights" | "http" | "origins";
  readonly before: string;
  readonly after: string;
}

/** `first` comes before `second`, which was the other way round. */
export interface RouteOrderChange {
  readonly kind: "route-order";
  readonly host: string;
  readonly first: string;
  readonly second: string;
}

export interface FieldChange {
  /** Path in the policy, as `retries.attempts`; empty: the whole of it. */
  readonly field: string;
  /** Absent: not set. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** One feature's policy, on routes of a host or on a cluster. */
export interface PolicyChange {
  readonly kind: "policy";
  readonly on: { readonly host: string; readonly routes: readonly string[] } | { readonly cluster: string };
  readonly feature: string;
  readonly fields: readonly FieldChange[];
}

/** The share of a rule's requests that a canary gets of those that nobody claimed. */
export interface WeightChange {
  readonly kind: "weight";
  readonly host: string;
  /** Host, path and conditions of the rule, as `shop.com/cart`. */
  readonly rule: string;
  /** `namespace/name` of the canary's Ingress. */
  readonly canary: string;
  readonly before: number;
  readonly after: number;
}

export interface ClusterChange {
  readonly kind: "cluster-added" | "cluster-removed";
  readonly cluster: string;
  readonly target: string;
  readonly endpoints: number;
}

export interface ClusterAspectChange {
  readonly kind: "cluster-changed";
  readonly cluster: string;
  readonly aspect: "protocol" | "target";
  readonly before: string;
  readonly after: string;
}

export interface EndpointsChange {
  readonly kind: "endpoints";
  readonly cluster: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Get nothing new from here on. */
  readonly draining: readonly string[];
  /** Take requests again. */
  readonly restored: readonly string[];
  /** In another zone than before. */
  readonly moved: readonly string[];
}

export interface CertificateChange {
  readonly kind: "certificate-added" | "certificate-removed" | "certificate-changed";
  readonly certificate: string;
  /** SHA-256 of the leaf. */
  readonly before?: string;
  readonly after?: string;
  /** What else there is to say: the end of its validity, or that only chain or key differ. */
  readonly detail?: string;
}

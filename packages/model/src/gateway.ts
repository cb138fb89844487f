import { createHash } from "node:crypto";
import type { TlsVersion } from "./gateway-settings.ts";
import type { ServicePortRef } from "./kubernetes.ts";
import type { ObjectRef } from "./object-ref.ts";
import type { Origin } from "./origin.ts";

/**
 * The gateway model: what the gateway does, without a word of Envoy.
 * It is the output of translation and the input of xds, explain and diff. All values are immutable.
 */

/** A typed policy per feature, by feature id. The feature that parsed it is the only one that reads it. */
export type Policies = Readonly<Record<string, unknown>>;

/** How a text is compared. A regex is RE2; it must match the whole text unless `anywhere`. */
export type TextMatch =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "regex"; readonly value: string; readonly anywhere?: boolean }
  | { readonly kind: "present" };

/** A condition on a request besides its path. `authority`, `method` and `path` are pseudo-headers, with their colon. */
export interface Condition {
  readonly on: "header" | "query" | "cookie";
  /** Header names are in lower case; `:method` and the like are allowed. */
  readonly name: string;
  readonly match: TextMatch;
  /** True: the condition holds when the match does not. */
  readonly negate?: boolean;
}

/**
 * How the path is matched, without the query, after normalisation.
 * `prefix` goes by path element and carries no slash at its end, but for `/` itself, which takes every path.
 * A `regex` is anchored at the start; it must match the whole path only if `whole`.
 */
export type PathMatch =
  | { readonly kind: "exact"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "prefix"; readonly value: string; readonly ignoreCase?: boolean }
  | {
      readonly kind: "regex";
      readonly value: string;
      readonly ignoreCase?: boolean;
      readonly whole?: boolean;
    };

export interface RouteMatch {
  readonly path: PathMatch;
  /** All must hold. */
  readonly conditions: readonly Condition[];
  /**
   * Takes the request only if its random number, which is one for all routes of the request, is below this
   * share of 1,000,000. Routes that follow see the rest, so shares along a list add up.
   */
  readonly below?: number;
}

/** A Service of the cluster. */
export interface ServiceTarget {
  readonly kind: "service";
  readonly namespace: string;
  readonly name: string;
  readonly port: ServicePortRef | "first";
}

/** A host outside the cluster. Where it leads is held against what the gateway must not connect to, as it is resolved. */
export interface OutsideTarget {
  readonly kind: "outside";
  /** A DNS name, in lower case, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What stands behind a backend. More kinds of registries add members here. */
export type BackendTarget = ServiceTarget | OutsideTarget;

/**
 * A backend as a route asks for it. Its name is also that of the cluster and of the load assignment, and
 * determines everything else here: equal names mean equal backends.
 */
export interface Backend {
  /** `namespace/service/port[/variant]`, or `_outside/host/port[/variant]`. */
  readonly name: string;
  readonly target: BackendTarget;
  /** Policies of routes that a cluster must hold (subset, connect timeout), which make it a variant. */
  readonly variant: Policies;
  /** Set: what comes is passed on as bytes, whatever the Service's annotations say. */
  readonly protocol?: "tcp";
}

export interface WeightedBackend {
  readonly backend: Backend;
  /** Relative to the sum over the route. */
  readonly weight: number;
  /** Takes the place of `backend` for requests over HTTPS. */
  readonly httpsBackend?: Backend;
}

/** Where copies of requests go. What is answered there is thrown away. */
export interface Mirror {
  readonly backend: Backend;
  /** Takes the place of `backend` for requests over HTTPS. */
  readonly httpsBackend?: Backend;
  /** Share of the requests, 1 to 100. */
  readonly percent: number;
  /** The host that the copy names; absent: that of the request with `-shadow` behind it. */
  readonly host?: string;
}

/** Who answers in place of an answer with one of these codes. */
export interface ErrorPages {
  readonly backend: Backend;
  /** Takes the place of `backend` for requests over HTTPS. */
  readonly httpsBackend?: Backend;
  /** Statuses, ascending. */
  readonly codes: readonly number[];
}

export interface ForwardAction {
  readonly kind: "forward";
  /** At least one. */
  readonly backends: readonly WeightedBackend[];
  readonly mirror?: Mirror;
  readonly errorPages?: ErrorPages;
}

export interface RedirectAction {
  readonly kind: "redirect";
  readonly status: 301 | 302 | 303 | 307 | 308;
  /** Absent parts are those of the request. The port is dropped unless `keepPort` or `port`. */
  readonly scheme?: "http" | "https";
  readonly host?: string;
  readonly port?: number;
  readonly keepPort?: boolean;
  /** Replaces path and query together; absent keeps both. */
  readonly path?: string;
  readonly stripQuery?: boolean;
}

export interface RespondAction {
  readonly kind: "respond";
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In words, for explain: why the gateway answers itself. */
  readonly reason: string;
}

export type RouteAction = ForwardAction | RedirectAction | RespondAction;

export interface Route {
  /** `namespace/ingress/rule/path[/canary/NAME]`, with suffixes where one rule needs several routes. */
  readonly name: string;
  readonly origins: readonly Origin[];
  readonly match: RouteMatch;
  readonly action: RouteAction;
  /** What plain HTTP gets instead of `action`, when TLS is demanded. */
  readonly httpAction?: RedirectAction;
  /** Takes the place of `action` on connections without TLS, whatever a proxy says of them: a protection that only TLS can give. */
  readonly withoutTls?: RespondAction;
  /** Policies in force on this route: its Ingress's route policies, its host's and its Service's. */
  readonly policies: Policies;
}

export interface VirtualHost {
  /** In lower case: a name, `*.name` (one label), or `*` for rules without a host. */
  readonly host: string;
  /** In order of precedence: the first that matches decides. */
  readonly routes: readonly Route[];
  readonly origins: readonly Origin[];
  /** Set: connections that name the host by SNI are passed on unopened, and it is reached by plain HTTP alone. */
  readonly passthrough?: Passthrough;
  /**
   * Certificate that its clients see by SNI, by name; absent: the host has no TLS chain of its own. May be
   * {@link DEFAULT_CERTIFICATE}, where a chain is needed for another reason.
   */
  readonly certificate?: string;
  /** TLS policy of the host; only with a `certificate`. Connections that were not opened under it cannot carry its requests. */
  readonly tls?: HostTls;
  /**
   * Name of the TLS chain of the nearest wildcard host around this one, if it differs from its own. A connection that
   * was opened for that wildcard can carry requests for this host.
   */
  readonly wildcardChain?: string;
  /** Policies of scope domain whose features act on the whole host. */
  readonly policies?: Policies;
}

/** TLS that is passed on. */
export interface Passthrough {
  /** Who gets the connections; absent: they are closed. */
  readonly backend?: Backend;
  readonly origins: readonly Origin[];
}

export interface Cluster {
  readonly name: string;
  readonly target: BackendTarget;
  /** What the endpoints speak; `tcp`: whatever the client does. */
  readonly protocol: "http1" | "http2" | "tcp";
  /** True: over TLS. */
  readonly tls?: true;
  /** Name of the certificate that the gateway shows to the endpoints, over TLS. */
  readonly clientCertificate?: string;
  /** Service policies and the variant's route policies. */
  readonly policies: Policies;
  readonly origins: readonly Origin[];
}

export interface LoadAssignmentEndpoint {
  readonly address: string;
  readonly port: number;
  /** `draining`: finishes what it has, gets nothing new. */
  readonly health: "healthy" | "draining";
  readonly zone?: string;
}

export interface LoadAssignment {
  /** Name of its cluster. */
  readonly cluster: string;
  /** Sorted by address, then port; each pair once. */
  readonly endpoints: readonly LoadAssignmentEndpoint[];
  readonly origins: readonly Origin[];
}

/** A certificate chain with its key, checked as a pair. Never printed. */
export interface Certificate {
  /** `namespace/secret`, or {@link DEFAULT_CERTIFICATE}. */
  readonly name: string;
  readonly chain: Uint8Array;
  readonly key: Uint8Array;
  readonly origins: readonly Origin[];
}

/** Name of the certificate for clients without SNI and for hosts without one of their own. */
export const DEFAULT_CERTIFICATE = "default";

/** What a host demands of TLS handshakes. Absent fields are as the gateway has them. */
export interface HostTls {
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** OpenSSL names that the proxy knows, for TLS up to 1.2. */
  readonly ciphers?: readonly string[];
  readonly clients?: ClientVerification;
}

/** How client certificates are asked for and verified. */
export interface ClientVerification {
  /** Name of the {@link Authority} that clients' certificates come from. */
  readonly authority: string;
  /**
   * `required`: no handshake without a certificate that can be verified. `optional`: without one, or with one that can be
   * verified. `unverified`: any handshake; whether a certificate was verified is known of each request.
   */
  readonly demand: "required" | "optional" | "unverified";
  /** Most certificates between a client's own and one of the authority. */
  readonly depth: number;
  /** True: no request is served without a certificate, so none over plain HTTP. */
  readonly mandatory?: true;
}

/** Certificates that clients' certificates are verified against. */
export interface Authority {
  /** `namespace/secret/ca`. */
  readonly name: string;
  /** PEM. */
  readonly certificates: Uint8Array;
  /** Revocation lists, PEM. */
  readonly revoked?: Uint8Array;
  readonly origins: readonly Origin[];
}

/** Makes the name of the authority in a Secret. */
export function authorityName(namespace: string, secret: string): string {
  return `${namespace}/${secret}/ca`;
}

/**
 * Makes the name of a chain: hosts with the same certificate and the same TLS policy share one. Long enough that
 * nobody finds two policies of one name.
 */
export function tlsChainName(certificate: string, tls: HostTls | undefined): string {
  if (tls === undefined) return certificate;
  const { minVersion, maxVersion, ciphers, clients } = tls;
  const told = [
    minVersion,
    maxVersion,
    ciphers,
    clients && [clients.authority, clients.demand, clients.depth],
  ];
  const digest = createHash("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 32);
  return `${certificate}/${digest}`;
}

/** Name of the TLS chain of a host; undefined if it has none of its own. */
export function chainOfHost({
  certificate,
  tls,
}: Pick<VirtualHost, "certificate" | "tls">): string | undefined {
  return certificate === undefined ? undefined : tlsChainName(certificate, tls);
}

/** One TLS filter chain: the hosts that share a certificate and a TLS policy. */
export interface TlsChain {
  /** As {@link tlsChainName} makes it. */
  readonly name: string;
  /** Name of the certificate. */
  readonly certificate: string;
  readonly tls?: HostTls;
  /** Sorted. */
  readonly hosts: readonly string[];
  readonly origins: readonly Origin[];
}

/** One filter chain without TLS of the gateway's own: a host whose connections are passed on. */
export interface PassthroughChain {
  readonly host: string;
  /** Absent: connections are closed. */
  readonly cluster?: string;
  readonly origins: readonly Origin[];
}

/** Makes the name of a backend. */
export function backendName(target: BackendTarget, variant: readonly string[]): string {
  const base = `${targetKey(target)}/${portName(target)}`;
  return variant.length === 0 ? base : `${base}/${variant.join(",")}`;
}

function portName(target: BackendTarget): string {
  if (target.kind === "outside") return `${target.port}`;
  const { port } = target;
  return port === "first" ? "first" : "number" in port ? `${port.number}` : port.name;
}

/** `namespace/name` of a Service, `_outside/host` of a host; no namespace has an underscore. */
export function targetKey(target: BackendTarget): string {
  return target.kind === "outside" ? `_outside/${target.host}` : `${target.namespace}/${target.name}`;
}

/** The Service that a backend stands for, if it is one. */
export function targetService(target: BackendTarget): ObjectRef | undefined {
  if (target.kind !== "service") return undefined;
  return { kind: "Service", namespace: target.namespace, name: target.name };
}

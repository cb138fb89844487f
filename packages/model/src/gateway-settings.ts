/**
 * What the operator decides about a gateway as a whole. Plain values without a word of Envoy; where they come
 * from (flags, a file, a MseIngressConfig) and whether they make sense is the concern of who builds them.
 */
export interface GatewaySettings {
  readonly http: ListenerSettings;
  readonly https: ListenerSettings;
  readonly tls: TlsSettings;
  /**
   * Proxies in front of the gateway whose `X-Forwarded-*` headers are believed, counted from the nearest. 0: none,
   * and what clients send under these names is replaced.
   */
  readonly trustedHops: number;
  /** True: a client's own `X-Request-ID` is passed on, as ingress-nginx does. False: each request gets a new one. */
  readonly keepRequestId: boolean;
  /** `Strict-Transport-Security` on answers over https, unless absent. */
  readonly hsts?: HstsSettings;
  /** The `Server` header of every answer. Absent: the backend's own, and none on the gateway's answers. */
  readonly serverHeader?: string;
  readonly accessLog: "off" | "json";
  /** Who may reach the gateway at all, the lowest of three levels: a host's or route's list of a kind replaces it. */
  readonly ipAccess?: IpAccess;
  /** Where spans go, if a gateway is traced. */
  readonly tracingCollector?: CollectorAddress;
  /** Absent: no request is traced. Without effect where there is no {@link tracingCollector}. A new rate replaces no listener. */
  readonly tracing?: TracingSettings;
  /** The gateway's name, under which its requests are counted. Default: `sluice`. */
  readonly name?: string;
  /** The status of what is over a limit of one client (`limit-rps`, `limit-rpm`, `limit-connections`). Default 503. */
  readonly clientLimitStatus?: 429 | 503;
  readonly limits: LimitSettings;
  readonly timeouts: TimeoutSettings;
  /** Seconds that connections of a closing listener or gateway have to end by themselves. */
  readonly drainSeconds: number;
}

export interface ListenerSettings {
  /** IP address to bind. `::` takes IPv4 too. */
  readonly address: string;
  readonly port: number;
  /** The port that clients use, where a load balancer or a container engine maps it. Absent: `port`. */
  readonly publicPort?: number;
}

export const TLS_VERSIONS = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

export type TlsVersion = (typeof TLS_VERSIONS)[number];

export interface TlsSettings {
  /** MSE's own default is TLSv1.0, which RFC 8996 forbids; ours is that of ingress-nginx. */
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL names, for TLS up to 1.2. Empty: the proxy's own list, or {@link MSE_CIPHERS} if `minVersion` is below 1.2. */
  readonly ciphers: readonly string[];
}

/** What MSE offers by default. Source: the annotation reference, "TLS between client and gateway". */
export const MSE_CIPHERS: readonly string[] = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES128-SHA",
  "ECDHE-RSA-AES128-SHA",
  "AES128-GCM-SHA256",
  "AES128-SHA",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES256-SHA",
  "ECDHE-RSA-AES256-SHA",
  "AES256-GCM-SHA384",
  "AES256-SHA",
];

/**
 * Ranges of client addresses, as {@link parseIpRange} writes them. The address that counts is the client's: the peer's, or what
 * the trusted hops say. `deny` is asked before `allow`.
 */
export interface IpAccess {
  /** Only these. Absent: everybody. Empty: nobody, which is how a list that cannot be read fails closed. */
  readonly allow?: readonly string[];
  /** All but these. Absent or empty: nobody is kept out. */
  readonly deny?: readonly string[];
}

/** A collector that takes OTLP over gRPC without TLS. */
export interface CollectorAddress {
  /** Name or IP address. */
  readonly host: string;
  readonly port: number;
}

export interface TracingSettings {
  /** `service.name` of the spans. A new one replaces the listeners, so it should not depend on whether anything is traced. */
  readonly serviceName: string;
  /** How many of all requests are traced, 0 to 100; two decimals count. */
  readonly samplePercent: number;
}

export interface HstsSettings {
  /** Seconds. */
  readonly maxAge: number;
  readonly includeSubDomains: boolean;
  readonly preload: boolean;
}

export interface LimitSettings {
  /** Bytes that one connection, of a client or to a backend, may hold in memory on either side before reading pauses. */
  readonly connectionBuffer: number;
  /** HTTP/2 streams that one client connection may have at a time. */
  readonly concurrentStreams: number;
  /** Size of a request's headers together, in KiB. Larger ones get 431. */
  readonly requestHeadersKiB: number;
}

export interface TimeoutSettings {
  /** Seconds that a client's connection may be without a request. */
  readonly clientIdle: number;
  /** Seconds that a connection to a backend may be without a request. */
  readonly backendIdle: number;
  /** Seconds of silence in both directions after which a request is given up, unless an annotation says otherwise. */
  readonly streamIdle: number;
  /** Seconds that a client has to send the headers of a request it has begun. */
  readonly requestHeaders: number;
  /** Seconds that a client has to send a whole request. 0: no limit, so that long uploads end. */
  readonly request: number;
}

/**
 * The defaults. Limits and windows are those of Envoy's guide "Configuring Envoy as an edge proxy", except:
 *
 * - `request` is off: the annotation reference promises no limit on a whole request, and silence is limited anyhow.
 * - `clientIdle` is the guide's hour and not nginx' 75 s: load balancers before the gateway keep connections for up to
 *   ten minutes, and a request sent on a connection that is just being closed would be lost.
 * - `backendIdle` is a minute, as in ingress-nginx, so that the gateway mostly lets go of a connection before the
 *   backend does.
 */
export const DEFAULT_GATEWAY_SETTINGS: GatewaySettings = {
  http: { address: "0.0.0.0", port: 8080 },
  https: { address: "0.0.0.0", port: 8443 },
  tls: { minVersion: "TLSv1.2", maxVersion: "TLSv1.3", ciphers: [] },
  trustedHops: 0,
  keepRequestId: false,
  accessLog: "off",
  limits: { connectionBuffer: 32 * 1024, concurrentStreams: 100, requestHeadersKiB: 60 },
  timeouts: { clientIdle: 3600, backendIdle: 60, streamIdle: 300, requestHeaders: 10, request: 0 },
  drainSeconds: 240,
};

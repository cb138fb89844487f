import {
  type ClientVerification,
  type Cluster,
  type HostTls,
  MSE_CIPHERS,
  TLS_VERSIONS,
  type TlsChain,
  type TlsSettings,
  type TlsVersion,
} from "@sluice/model";
import {
  any,
  type CommonTlsContext,
  type DownstreamTlsContext,
  type TlsParameters_TlsProtocol,
  type TransportSocket,
  type UpstreamTlsContext,
} from "@sluice/protos";
import { FALSE, overAds, TRUE, uint32 } from "./values.ts";

const PROTOCOLS: Readonly<Record<TlsVersion, TlsParameters_TlsProtocol>> = {
  "TLSv1.0": "TLSv1_0",
  "TLSv1.1": "TLSv1_1",
  "TLSv1.2": "TLSv1_2",
  "TLSv1.3": "TLSv1_3",
};

/** TLS termination with the chain's certificate, which comes by SDS, under its policy. HTTP/2 is offered first. */
export function downstreamTls(
  { certificate, tls = {} }: Pick<TlsChain, "certificate" | "tls">,
  gateway: TlsSettings,
): TransportSocket {
  const settings = effectiveTls(tls, gateway);
  const cipherSuites = ciphers(settings);
  const context: DownstreamTlsContext = {
    ...(tls.clients !== undefined && clientRules(tls.clients)),
    commonTlsContext: {
      tlsParams: {
        tlsMinimumProtocolVersion: PROTOCOLS[settings.minVersion],
        tlsMaximumProtocolVersion: PROTOCOLS[settings.maxVersion],
        ...(cipherSuites.length > 0 && { cipherSuites }),
      },
      tlsCertificateSdsSecretConfigs: [{ name: certificate, sdsConfig: overAds() }],
      ...(tls.clients !== undefined && clientValidation(tls.clients)),
      alpnProtocols: ["h2", "http/1.1"],
    },
  };
  return {
    name: "envoy.transport_sockets.tls",
    typedConfig: any("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", context),
  };
}

/** A host's own bound moves the gateway's other one out of its way: to MSE's default, which is the widest. */
function effectiveTls(tls: HostTls, gateway: TlsSettings): TlsSettings {
  const rank = (version: TlsVersion): number => TLS_VERSIONS.indexOf(version);
  const { minVersion, maxVersion } = { ...gateway, ...tls };
  const isCrossed = rank(minVersion) > rank(maxVersion);
  return {
    minVersion: isCrossed && tls.minVersion === undefined ? "TLSv1.0" : minVersion,
    maxVersion: isCrossed && tls.maxVersion === undefined ? "TLSv1.3" : maxVersion,
    ciphers: tls.ciphers ?? gateway.ciphers,
  };
}

/** A session that is taken up again is not verified again: neither its end nor a revocation would count. */
function clientRules({ demand }: ClientVerification): DownstreamTlsContext {
  return {
    requireClientCertificate: demand === "required" ? TRUE : FALSE,
    disableStatelessSessionResumption: true,
    disableStatefulSessionResumption: true,
  };
}

/**
 * The authority comes by SDS, so that a new one replaces no listener. Envoy 1.40 counts the trust anchor into the depth,
 * OpenSSL and NGINX do not (measured: with 1 a certificate of the anchor itself passes, and none behind an intermediate).
 */
function clientValidation({ authority, demand, depth }: ClientVerification): Partial<CommonTlsContext> {
  return {
    combinedValidationContext: {
      defaultValidationContext: {
        maxVerifyDepth: uint32(depth + 1),
        ...(demand === "unverified" && { trustChainVerification: "ACCEPT_UNTRUSTED" as const }),
      },
      validationContextSdsSecretConfig: { name: authority, sdsConfig: overAds() },
    },
  };
}

/**
 * TLS to the endpoints of a cluster, which believes any certificate and names no host, unless a feature says otherwise.
 * HTTP/2 is offered where the cluster speaks it: servers of it refuse clients that do not.
 */
export function upstreamTls({ protocol, clientCertificate }: Cluster): UpstreamTlsContext {
  return {
    commonTlsContext: {
      tlsParams: { tlsMinimumProtocolVersion: "TLSv1_2", tlsMaximumProtocolVersion: "TLSv1_3" },
      ...(clientCertificate !== undefined && {
        tlsCertificateSdsSecretConfigs: [{ name: clientCertificate, sdsConfig: overAds() }],
      }),
      ...(protocol === "http2" && { alpnProtocols: ["h2"] }),
    },
  };
}

export const UPSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

/** The transport socket of a cluster that speaks TLS. */
export function tlsSocket(tls: UpstreamTlsContext): TransportSocket {
  return { name: "envoy.transport_sockets.tls", typedConfig: any(UPSTREAM_TLS, tls) };
}

/** Envoy's own list has nothing that TLS 1.0 and 1.1 could use. */
function ciphers({ ciphers, minVersion }: TlsSettings): readonly string[] {
  if (ciphers.length > 0) return ciphers;
  return TLS_VERSIONS.indexOf(minVersion) < TLS_VERSIONS.indexOf("TLSv1.2") ? MSE_CIPHERS : [];
}

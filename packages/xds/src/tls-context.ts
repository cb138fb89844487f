import { type Cluster, MSE_CIPHERS, TLS_VERSIONS, type TlsSettings, type TlsVersion } from "@sluice/model";
import {
  any,
  type TlsParameters_TlsProtocol,
  type TransportSocket,
  type UpstreamTlsContext,
} from "@sluice/protos";
import { overAds } from "./values.ts";

const PROTOCOLS: Readonly<Record<TlsVersion, TlsParameters_TlsProtocol>> = {
  "TLSv1.0": "TLSv1_0",
  "TLSv1.1": "TLSv1_1",
  "TLSv1.2": "TLSv1_2",
  "TLSv1.3": "TLSv1_3",
};

/** TLS termination with the certificate of this name, which comes by SDS. HTTP/2 is offered first. */
export function downstreamTls(certificate: string, settings: TlsSettings): TransportSocket {
  const cipherSuites = ciphers(settings);
  return {
    name: "envoy.transport_sockets.tls",
    typedConfig: any("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
      commonTlsContext: {
        tlsParams: {
          tlsMinimumProtocolVersion: PROTOCOLS[settings.minVersion],
          tlsMaximumProtocolVersion: PROTOCOLS[settings.maxVersion],
          ...(cipherSuites.length > 0 && { cipherSuites }),
        },
        tlsCertificateSdsSecretConfigs: [{ name: certificate, sdsConfig: overAds() }],
        alpnProtocols: ["h2", "http/1.1"],
      },
    }),
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

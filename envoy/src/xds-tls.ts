import { join } from "node:path";
import type { JsonObject } from "./json.ts";

/** How an Envoy reaches a control plane on another host. */
export interface XdsTls {
  /**
   * Holds `tls.crt`, `tls.key` and `ca.crt` in PEM, as a Secret is mounted. Replaced files are taken up when something is
   * moved within it: the kubelet moves the link `..data`.
   */
  readonly folder: string;
  /** The DNS name that the control plane's certificate must have. */
  readonly serverName: string;
  /** Where the files of {@link xdsSecretFiles} are. */
  readonly sdsFolder: string;
}

const CERTIFICATE = "sluice_xds_certificate";
const AUTHORITY = "sluice_xds_authority";
const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

/**
 * Files that belong beside the bootstrap, by name: Envoy follows certificates in files only where a file in turn says which
 * (SDS). They hold paths, no secrets.
 */
export function xdsSecretFiles({ folder, serverName }: XdsTls): Readonly<Record<string, JsonObject>> {
  const file = (name: string) => ({ filename: join(folder, name) });
  const watched_directory = { path: folder };
  return {
    [fileOf(CERTIFICATE)]: secret(CERTIFICATE, {
      tls_certificate: {
        certificate_chain: file("tls.crt"),
        private_key: file("tls.key"),
        watched_directory,
      },
    }),
    [fileOf(AUTHORITY)]: secret(AUTHORITY, {
      validation_context: {
        trusted_ca: file("ca.crt"),
        watched_directory,
        match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: serverName } }],
      },
    }),
  };
}

/** The transport socket of the cluster behind ADS: mutual TLS 1.3. Sessions are not resumed, so that each is verified. */
export function xdsTransportSocket({ serverName, sdsFolder }: XdsTls): JsonObject {
  const sds = (name: string) => ({
    name,
    sds_config: { path_config_source: { path: join(sdsFolder, fileOf(name)) }, resource_api_version: "V3" },
  });
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": `${TLS}.UpstreamTlsContext`,
      sni: serverName,
      max_session_keys: 0,
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
        alpn_protocols: ["h2"],
        tls_certificate_sds_secret_configs: [sds(CERTIFICATE)],
        validation_context_sds_secret_config: sds(AUTHORITY),
      },
    },
  };
}

function fileOf(name: string): string {
  return `${name.replaceAll("_", "-")}.json`;
}

function secret(name: string, content: JsonObject): JsonObject {
  return { resources: [{ "@type": `${TLS}.Secret`, name, ...content }] };
}

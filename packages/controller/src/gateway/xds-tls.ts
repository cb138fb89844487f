import type { TlsAddress } from "@sluice/ads";
import type { XdsIdentity } from "@sluice/xds-identity";
import { ownNamespace } from "../config/own-namespace.ts";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";
import { withKubeConfig } from "./kubernetes-source.ts";

/** The Service by which Envoys reach the controllers of a namespace. */
const SERVICE = "sluice-controller";

/** ADS over mutual TLS, beside the plain address. */
export interface XdsTls {
  readonly address: TlsAddress;
  /** Certificates, for this server and for the Secrets of gateways. */
  readonly identity: XdsIdentity;
  close(): Promise<void>;
}

/**
 * Starts to follow the authority's Secret, if the settings ask for ADS over TLS. Until it is there, nobody is let in. The
 * leader moves the authority on; if several take themselves for it, the Secret's version decides who was first, and the
 * others follow. Throws an OperatorError for a kubeconfig that cannot be used.
 */
export async function startXdsTls(
  settings: Settings,
  log: Logger,
  isLeader: () => boolean,
): Promise<XdsTls | undefined> {
  const { xdsTlsAddress } = settings;
  if (xdsTlsAddress === undefined) return undefined;
  // Loaded when they are needed: the client has thousands of generated files, which cost a second.
  const { createKubeApi } = await import("@sluice/kubernetes-api");
  const { startXdsIdentity } = await import("@sluice/xds-identity");
  const namespace = ownNamespace(settings);
  const api = await withKubeConfig(settings, (load) => createKubeApi(load));
  const identity = startXdsIdentity({
    api,
    namespace,
    dnsNames: [`${SERVICE}.${namespace}.svc`, `${SERVICE}.${namespace}`, SERVICE],
    isLeader,
    log,
  });
  return {
    address: { address: xdsTlsAddress, tls: identity.server },
    identity,
    async close() {
      await identity.close();
      await api.close();
    },
  };
}

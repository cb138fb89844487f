import type { TlsAddress } from "@sluice/ads";
import type { XdsIdentity } from "@sluice/xds-identity";
import { ownNamespace } from "../config/own-namespace.ts";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";

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
 * Starts to follow the authority's Secret, if the settings ask for ADS over TLS. Until it is there, nobody is let in. Without
 * `isLeader` any replica moves the authority on: the Secret's version decides who was first, and the others follow.
 */
export async function startXdsTls(
  settings: Settings,
  log: Logger,
  isLeader: () => boolean = () => true,
): Promise<XdsTls | undefined> {
  const { xdsTlsAddress, kubeconfig: file, kubeContext: context } = settings;
  if (xdsTlsAddress === undefined) return undefined;
  // Loaded when they are needed: the client has thousands of generated files, which cost a second.
  const { createKubeApi, loadKubeConfig } = await import("@sluice/kubernetes-api");
  const { startXdsIdentity } = await import("@sluice/xds-identity");
  const from = { ...(file === undefined ? {} : { file }), ...(context === undefined ? {} : { context }) };
  const namespace = ownNamespace(settings);
  const api = createKubeApi(() => loadKubeConfig(from));
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

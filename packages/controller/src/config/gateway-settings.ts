import { FLEET_PORTS } from "@sluice/data-plane/defaults";
import {
  DEFAULT_GATEWAY_SETTINGS,
  type GatewayDefinition,
  type GatewaySettings,
  type ListenerSettings,
} from "@sluice/model";
import type { TranslateSettings } from "@sluice/translate";
import { defaultSecret } from "../gateway/default-secret.ts";
import type { GatewayChoice } from "../gateway/definitions.ts";
import type { SharedTranslateSettings } from "../gateway/gateways.ts";
import { selfSignedCertificate } from "../gateway/self-signed.ts";
import type { Settings } from "./settings.ts";

/** The settings of the data plane: our defaults with what the operator says. */
export function gatewaySettings(settings: Settings): GatewaySettings {
  const fleet = ownsServices(settings) ? FLEET_PORTS : undefined;
  return {
    ...DEFAULT_GATEWAY_SETTINGS,
    http: listener(settings, settings.httpPort, settings.publicHttpPort ?? fleet?.http),
    https: listener(settings, settings.httpsPort, settings.publicHttpsPort ?? fleet?.https),
    trustedHops: settings.trustedHops,
    accessLog: settings.accessLog ? "json" : "off",
    drainSeconds: settings.drainSeconds,
    clientLimitStatus: settings.clientLimitStatus,
    ...(settings.tracingCollector !== undefined && {
      tracingCollector: hostAndPort(settings.tracingCollector),
    }),
  };
}

function listener(
  { listenAddress }: Settings,
  port: number,
  publicPort: number | undefined,
): ListenerSettings {
  return { address: listenAddress, port, ...(publicPort !== undefined && { publicPort }) };
}

/** Whether clients come through the Services that the process makes. */
function ownsServices({ managed, kube, xdsTlsAddress }: Settings): boolean {
  return managed && kube && xdsTlsAddress !== undefined;
}

/** The parts of `HOST:PORT`, which settings have checked; an IPv6 address loses its brackets. */
function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(colon + 1)) };
}

/**
 * The settings of translation that all gateways share, with a self-signed default certificate made for this process. No DNS is among them:
 * who serves, and so may ask the network, adds it.
 */
export async function translateSettings(settings: Settings): Promise<SharedTranslateSettings> {
  const secret = defaultSecret(settings);
  return {
    sslRedirect: settings.sslRedirect,
    allowExternalName: settings.allowExternalName,
    sslPassthrough: settings.sslPassthrough,
    allowCrossNamespace: settings.allowCrossNamespace,
    now: Date.now,
    defaultCertificate: await selfSignedCertificate(Date.now()),
    ...(secret === undefined ? {} : { defaultSecret: secret }),
  };
}

/** The name of the gateway that a process has of its own, if no MseIngressConfig names it. */
const OWN_GATEWAY = "sluice";

/** Which gateways the process serves. */
export function gatewayChoice(settings: Settings): GatewayChoice {
  if (settings.managed) return { kind: "managed" };
  if (settings.mseIngressConfig !== undefined) return { kind: "config", name: settings.mseIngressConfig };
  return { kind: "own", definition: ownGateway(settings) };
}

/** The name of the gateway of a process that serves one. */
export function ownGatewayName({ mseIngressConfig }: Settings): string {
  return mseIngressConfig ?? OWN_GATEWAY;
}

function ownGateway(settings: Settings): GatewayDefinition {
  return {
    name: OWN_GATEWAY,
    listens: { ingressClass: settings.ingressClass, controller: settings.controllerName },
    settings: gatewaySettings(settings),
  };
}

/** All for the process's own gateway, for those that put a control plane together themselves. */
export async function settingsForTranslation(
  settings: Settings,
): Promise<{ readonly translate: TranslateSettings; readonly gateway: GatewaySettings }> {
  const { listens, settings: gateway } = ownGateway(settings);
  const httpsPort = gateway.https.publicPort ?? gateway.https.port;
  const translate = { ...(await translateSettings(settings)), listens, httpsPort };
  return { translate, gateway };
}

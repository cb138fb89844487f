import { DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from "@sluice/model";
import type { TranslateSettings } from "@sluice/translate";
import { selfSignedCertificate } from "../gateway/self-signed.ts";
import type { Settings } from "./settings.ts";

/** The settings of the data plane: our defaults with what the operator says. */
export function gatewaySettings(settings: Settings): GatewaySettings {
  return {
    ...DEFAULT_GATEWAY_SETTINGS,
    http: { address: settings.listenAddress, port: settings.httpPort },
    https: { address: settings.listenAddress, port: settings.httpsPort },
    trustedHops: settings.trustedHops,
    accessLog: settings.accessLog ? "json" : "off",
    drainSeconds: settings.drainSeconds,
  };
}

/**
 * The settings of translation, with a self-signed default certificate made for this process. No DNS is among them:
 * who serves, and so may ask the network, adds it.
 */
export async function translateSettings(settings: Settings): Promise<TranslateSettings> {
  return {
    ingressClass: settings.ingressClass,
    controller: settings.controllerName,
    sslRedirect: settings.sslRedirect,
    httpsPort: settings.httpsPort,
    allowExternalName: settings.allowExternalName,
    allowCrossNamespace: settings.allowCrossNamespace,
    now: Date.now,
    defaultCertificate: await selfSignedCertificate(Date.now()),
  };
}

/** Both, for those that put a control plane together themselves. */
export async function settingsForTranslation(
  settings: Settings,
): Promise<{ readonly translate: TranslateSettings; readonly gateway: GatewaySettings }> {
  return { translate: await translateSettings(settings), gateway: gatewaySettings(settings) };
}

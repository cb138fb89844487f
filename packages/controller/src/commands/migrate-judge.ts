import { features } from "@sluice/features";
import { possibleProtectionsIn } from "@sluice/features/nginx-protections";
import {
  asServed,
  dialects,
  type MigrationInput,
  type MigrationReport,
  migrate,
  type TargetGateway,
} from "@sluice/migrate";
import type { KubeObject } from "@sluice/model";
import { gatewaySettings } from "../config/gateway-settings.ts";
import type { Settings } from "../config/settings.ts";
import { translateOnce } from "../gateway/translate-once.ts";

/**
 * Compares objects by what the gateway's own translation makes of them: all Ingresses of the source together, as if they were of
 * the gateway's class. Never throws on account of the objects.
 */
export async function judgeMigration(
  objects: readonly KubeObject[],
  settings: Settings,
  options: Pick<MigrationInput, "from" | "controller" | "notJudged"> = {},
): Promise<MigrationReport> {
  const { from } = options;
  const dialectOf = dialects(objects, from === undefined ? {} : { from });
  const served = asServed(objects, settings.ingressClass, (ingress) => dialectOf(ingress) !== undefined);
  // What MseIngressConfigs would decide is not what is compared.
  const { mseIngressConfig: _, ...own } = settings;
  const { diagnostics } = await translateOnce({ objects: served }, { ...own, managed: false });
  return migrate({
    objects,
    features,
    diagnostics,
    gateway: target(settings),
    protectionsIn: possibleProtectionsIn,
    ...options,
  });
}

function target(settings: Settings): TargetGateway {
  return {
    ingressClass: settings.ingressClass,
    sslRedirect: settings.sslRedirect,
    trustedHops: settings.trustedHops,
    allowCrossNamespace: settings.allowCrossNamespace,
    clientLimitStatus: settings.clientLimitStatus,
    accessLog: settings.accessLog,
    tracing: settings.tracingCollector !== undefined,
    streamIdle: gatewaySettings(settings).timeouts.streamIdle,
  };
}

import { type AdsServer, type NodeInfo, serveAds, type Verdict } from "@sluice/ads";
import { createDnsNames, type DnsNames } from "@sluice/dns";
import type { GatewayView } from "@sluice/explain";
import type { Feature } from "@sluice/feature-api";
import { features as productFeatures } from "@sluice/features";
import type { GatewaySettings } from "@sluice/model";
import { watchFiles } from "@sluice/source-file";
import type { KubernetesSource } from "@sluice/source-kubernetes";
import { createStore, type Store } from "@sluice/store";
import { gatewaySettings, translateSettings } from "../config/gateway-settings.ts";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";
import { createGatewayMetrics, type GatewayMetrics } from "../metrics/gateway-metrics.ts";
import { type ControlPlane, createControlPlane } from "./control-plane.ts";
import { gatewayView } from "./gateway-view.ts";
import { internalErrorLog } from "./internal-error.ts";
import { startKubernetesSource } from "./kubernetes-source.ts";
import type { Rendering } from "./rendering.ts";

export interface GatewayOptions {
  /** Folders and files of Kubernetes objects. Empty: none, the API server's objects alone. */
  readonly paths: readonly string[];
  readonly settings: Settings;
  /** `unix:PATH` or `HOST:PORT`. */
  readonly xdsAddress: string;
  readonly logger: Logger;
  readonly onAccepted?: (event: Verdict) => void;
  /** Features besides those of the product: for tests of what happens when one of them errs. */
  readonly extraFeatures?: readonly Feature[];
}

/** A running control plane: sources, translation and the ADS server. */
export interface Gateway {
  readonly store: Store;
  readonly controlPlane: ControlPlane;
  readonly ads: AdsServer;
  readonly gatewaySettings: GatewaySettings;
  /** What explain looks up. */
  readonly view: GatewayView;
  readonly metrics: GatewayMetrics;
  /** The names of external Services, if they are allowed. */
  readonly dns?: DnsNames;
  /** The source of the API server's objects, if there is one. */
  readonly kubernetes?: KubernetesSource;
  stop(): Promise<void>;
}

/**
 * Starts everything but Envoy. Resolves when xDS is served; nodes are answered once the files have been read, and the API
 * server has told what it has. Throws an OperatorError for a kubeconfig that cannot be used.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { logger, settings } = options;
  const features = [...productFeatures, ...(options.extraFeatures ?? [])];
  const recordInternalError = internalErrorLog(() => store);
  const store: Store = createStore({
    onError(name, key, error) {
      recordInternalError(name, key, error);
      metrics.failed("derivation");
      logger.error({ derivation: name, key, err: error }, "derivation failed; this is a bug");
    },
  });
  const metrics = createGatewayMetrics(store);
  const gateway = gatewaySettings(settings);
  // Nothing is in flight before xDS is served.
  let whenIdle = (): Promise<void> => Promise.resolve();
  const dns = namesOf(settings);
  let kubernetes: KubernetesSource | undefined;
  const translate = await translateSettings(settings);
  const controlPlane = createControlPlane({
    whenIdle: () => whenIdle(),
    store,
    features,
    translate: dns === undefined ? translate : { ...translate, dns },
    isComplete: () => dns?.isPending() !== true,
    mayRender: () => kubernetes?.isPending() !== true,
    gateway,
    events: {
      onAccepted(event) {
        metrics.ads.accepted(event);
        options.onAccepted?.(event);
      },
      onRefused(event) {
        const { node, resource, words } = event;
        metrics.ads.refused(event);
        logger.warn(
          { node, typeUrl: resource.typeUrl, name: resource.name, words },
          "resource refused by Envoy",
        );
      },
    },
    onError(err) {
      metrics.failed("isolation");
      logger.error({ err }, "isolation of a refused resource failed; this is a bug");
    },
    observer: { resourceRendered: metrics.ads.rendered, changeRendered: metrics.rendered },
  });
  dns?.onChanged(controlPlane.flush);
  const ads = await serveAds({
    address: options.xdsAddress,
    onNode: (info) => renderingOf(controlPlane, info).world,
    inline: controlPlane.inline,
    onError(err, node) {
      metrics.failed("stream");
      logger.error({ node, err }, "the stream of a node failed; this is a bug");
    },
    onConnection(event) {
      const { info, connected } = event;
      metrics.ads.connection(event);
      logger.info(
        { node: info.id, version: info.version },
        connected ? "node connected" : "node disconnected",
      );
    },
  });
  metrics.observe({ controlPlane, ads });
  whenIdle = () => ads.whenIdle();
  try {
    // Both before either is waited for, so that the store is synced when both are.
    if (settings.kube) kubernetes = await startKubernetesSource(settings, metrics.store, logger);
  } catch (error) {
    dns?.close();
    await ads.close();
    throw error;
  }
  kubernetes?.onAnswer(controlPlane.flush);
  metrics.observeKubernetes(kubernetes);
  const files =
    options.paths.length === 0
      ? undefined
      : await watchFiles({ paths: options.paths, store: metrics.store, log: logger });
  return {
    store,
    controlPlane,
    ads,
    gatewaySettings: gateway,
    view: gatewayView(controlPlane.model, store, features),
    metrics,
    ...(dns === undefined ? {} : { dns }),
    ...(kubernetes === undefined ? {} : { kubernetes }),
    async stop() {
      dns?.close();
      files?.close();
      await kubernetes?.close();
      await ads.close();
      controlPlane.stop();
    },
  };
}

/** DNS is asked for names only where they are allowed to be backends. */
function namesOf({ allowExternalName, dnsResolver }: Settings): DnsNames | undefined {
  if (!allowExternalName) return undefined;
  return createDnsNames(dnsResolver === undefined ? {} : { server: dnsResolver });
}

/** The rendering that a node gets. */
export function renderingOf(controlPlane: ControlPlane, info: NodeInfo): Rendering {
  return controlPlane.renderingFor(
    new Set(info.extensions.flatMap(({ name, typeUrls }) => [name, ...typeUrls])),
  );
}

import { type AdsServer, serveAds, type Verdict } from "@sluice/ads";
import { createDnsNames, type DnsNames } from "@sluice/dns";
import type { GatewayView } from "@sluice/explain";
import type { Feature } from "@sluice/feature-api";
import { features as productFeatures } from "@sluice/features";
import { TYPE_URLS } from "@sluice/protos";
import { type FileSource, watchFiles } from "@sluice/source-file";
import type { KubernetesSource } from "@sluice/source-kubernetes";
import { createStore, layerSources, type Store } from "@sluice/store";
import { gatewayChoice, gatewaySettings, translateSettings } from "../config/gateway-settings.ts";
import type { Settings } from "../config/settings.ts";
import { startFleets } from "../data-plane/start-fleets.ts";
import type { Logger } from "../logging/logger.ts";
import { createGatewayMetrics, type GatewayMetrics } from "../metrics/gateway-metrics.ts";
import { type ServedRateLimits, startRateLimits } from "../rate-limit/start-rate-limits.ts";
import { type GatewayStatus, startStatus } from "../status/start-status.ts";
import type { ControlPlane } from "./control-plane.ts";
import { shareDefaultSecret } from "./default-secret.ts";
import { type Definitions, followDefinitions } from "./definitions.ts";
import { createGateways, type Gateways, type ServedGateway } from "./gateways.ts";
import { createHandshakeLog } from "./handshake-log.ts";
import { internalErrorLog } from "./internal-error.ts";
import { startKubernetesSource } from "./kubernetes-source.ts";
import { createRefusedNodeLog } from "./refused-node-log.ts";
import { startXdsTls, type XdsTls } from "./xds-tls.ts";

export interface GatewayOptions {
  /** Folders and files of Kubernetes objects. Empty: none, the API server's objects alone. */
  readonly paths: readonly string[];
  readonly settings: Settings;
  /** `unix:PATH` or `HOST:PORT`. */
  readonly xdsAddress: string;
  readonly logger: Logger;
  readonly onAccepted?: (event: Verdict) => void;
  /** Whether this replica writes what all share. Default: as the Lease says, and without one any may. */
  readonly isLeader?: () => boolean;
  /** Features besides those of the product: for tests of what happens when one of them errs. */
  readonly extraFeatures?: readonly Feature[];
}

/** A running process: sources, the control planes of its gateways, and the ADS server that they share. */
export interface Gateway {
  readonly store: Store;
  readonly gateways: Gateways;
  readonly definitions: Definitions;
  /** That of the one gateway. Throws if there are several or none. */
  readonly controlPlane: ControlPlane;
  /** What explain looks up in the one gateway. Throws likewise. */
  readonly view: GatewayView;
  readonly ads: AdsServer;
  readonly metrics: GatewayMetrics;
  /** The names of external Services, if they are allowed. */
  readonly dns?: DnsNames;
  /** The source of the API server's objects, if there is one. */
  readonly kubernetes?: KubernetesSource;
  /** The writing of status, if there is such a source. */
  readonly status?: GatewayStatus;
  /** ADS over mutual TLS, if it is served. */
  readonly xdsTls?: XdsTls;
  stop(): Promise<void>;
}

/**
 * Starts everything but Envoy. Resolves when xDS is served; nodes are answered once the files have been read, and the API
 * server has told what it has. Throws an OperatorError for a kubeconfig that cannot be used, and another error for an
 * address that cannot be bound; then everything that has been started is stopped again, so that the process can end.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const parts: Parts = {};
  try {
    return await startParts(options, parts);
  } catch (error) {
    await stopParts(parts);
    throw error;
  }
}

/** What has to be stopped, as far as it has been started. */
interface Parts {
  status?: GatewayStatus | undefined;
  dns?: DnsNames | undefined;
  files?: FileSource | undefined;
  stopSharing?: () => Promise<void>;
  fleets?: Awaited<ReturnType<typeof startFleets>>;
  kubernetes?: KubernetesSource;
  ads?: AdsServer;
  limits?: ServedRateLimits;
  xdsTls?: XdsTls | undefined;
  definitions?: Definitions;
  gateways?: Gateways;
}

async function stopParts(parts: Parts): Promise<void> {
  // Before nodes are let go, which would count as a change.
  await parts.status?.close();
  parts.dns?.close();
  parts.files?.close();
  await parts.stopSharing?.();
  await parts.fleets?.close();
  await parts.kubernetes?.close();
  await parts.ads?.close();
  await parts.limits?.close();
  await parts.xdsTls?.close();
  parts.definitions?.stop();
  parts.gateways?.stop();
}

async function startParts(options: GatewayOptions, parts: Parts): Promise<Gateway> {
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
  const base = gatewaySettings(settings);
  const choice = gatewayChoice(settings);
  let server: AdsServer | undefined;
  const dns = namesOf(settings);
  parts.dns = dns;
  let kubernetes: KubernetesSource | undefined;
  const translate = await translateSettings(settings);
  const status =
    settings.kube && settings.status ? await startStatus({ settings, store, logger }) : undefined;
  parts.status = status;
  const isLeader = options.isLeader ?? (() => status?.measured.isLeader() ?? true);
  const xdsTls = await startXdsTls(settings, logger, isLeader);
  parts.xdsTls = xdsTls;
  const fleets = await startFleets({
    settings,
    store,
    logger,
    xdsTls,
    isLeader,
    peers: (gateway) => status?.peers(gateway) ?? { nodes: 0, listening: 0 },
  });
  parts.fleets = fleets;
  status?.onLeaderChange(() => fleets?.touch());
  status?.onPeersChange(() => fleets?.touch());
  const listenersChanged = ({ resource }: Verdict, gateway: string): void => {
    if (resource.typeUrl !== TYPE_URLS.LISTENER) return;
    fleets?.touch(gateway);
    status?.listenersChanged();
  };
  const limits = startRateLimits({
    settings,
    logger,
    peers: (gateway) => status?.peers(gateway) ?? { nodes: 0 },
    replicas: () => status?.replicas() ?? 0,
    onFindings: (found) => store.setDiagnostics("rate-limits", found),
    onError(err) {
      metrics.failed("rate-limit");
      logger.error({ err }, "counting a request failed; this is a bug");
    },
  });
  parts.limits = limits;
  status?.onPeersChange(limits.nodesChanged);
  metrics.observeRateLimits(limits.measured);
  const gateways = createGateways({
    // Nothing is in flight before xDS is served.
    whenIdle: (of) => server?.whenIdle({ of }) ?? Promise.resolve(),
    store,
    features,
    translate: dns === undefined ? translate : { ...translate, dns },
    controller: settings.controllerName,
    takesAnyNode: choice.kind !== "managed",
    isComplete: () => dns?.isPending() !== true,
    mayRender: () => kubernetes?.isPending() !== true,
    observe: (gateway) => ({
      ...(status === undefined ? {} : { status: status.of(gateway).observer }),
      events: {
        onAccepted(event) {
          metrics.ads.accepted(event);
          status?.of(gateway).answered(event);
          listenersChanged(event, gateway);
          options.onAccepted?.(event);
        },
        onRefused(event) {
          const { node, resource, words } = event;
          metrics.ads.refused(event);
          status?.of(gateway).answered(event);
          listenersChanged(event, gateway);
          logger.warn(
            { gateway, node, typeUrl: resource.typeUrl, name: resource.name, words },
            "resource refused by Envoy",
          );
        },
        onRemoved: ({ key }) => status?.of(gateway).removed(key),
      },
      onError(err) {
        metrics.failed("isolation");
        logger.error({ gateway, err }, "isolation of a refused resource failed; this is a bug");
      },
      observer: { resourceRendered: metrics.ads.rendered, changeRendered: metrics.rendered },
    }),
    onDeleted(gateway) {
      logger.info({ gateway }, "gateway deleted; its nodes are sent away");
      server?.end({ of: ({ cluster }) => cluster === gateway }, `the gateway ${gateway} was deleted`);
    },
  });
  parts.gateways = gateways;
  const definitions = followDefinitions({
    store,
    choice,
    base,
    gateways,
    onDefined: (name, defined) => fleets?.defined(name, defined),
    onMissing(missing) {
      const config = settings.mseIngressConfig;
      if (missing !== undefined) logger.error({ config }, `${missing}; it is named by --mse-ingress-config`);
      else logger.info({ config }, "the MseIngressConfig of the gateway is there, and in force");
    },
  });
  parts.definitions = definitions;
  dns?.onChanged(gateways.flush);
  const logRefusedHandshake = createHandshakeLog(logger, Date.now);
  const logRefusedNode = createRefusedNodeLog(logger, Date.now);
  const ads = await serveAds({
    address: xdsTls === undefined ? options.xdsAddress : [options.xdsAddress, xdsTls.address],
    onNode(info, peer) {
      const placed = gateways.place(info, peer);
      if (typeof placed === "string") logRefusedNode(info, placed);
      return placed;
    },
    services: [limits.service],
    onHandshakeRefused(event) {
      metrics.ads.handshakeRefused(event);
      logRefusedHandshake(event);
    },
    onError(err, node) {
      metrics.failed("stream");
      logger.error({ node, err }, "the stream of a node failed; this is a bug");
    },
    onConnection(event) {
      const { info, connected } = event;
      metrics.ads.connection(event);
      status?.nodesChanged();
      limits.nodesChanged();
      fleets?.touch(info.cluster);
      logger.info(
        { node: info.id, cluster: info.cluster, version: info.version },
        connected ? "node connected" : "node disconnected",
      );
    },
  });
  server = ads;
  parts.ads = ads;
  limits.attach({ gateways, ads });
  metrics.observe({ gateways, ads });
  const stores = storesFor(metrics.store, options);
  // Both before either is waited for, so that the store is synced when both are.
  if (settings.kube) {
    kubernetes = await startKubernetesSource(settings, stores.kubernetes, logger, status);
    parts.kubernetes = kubernetes;
  }
  status?.attach(gateways, ads);
  fleets?.attach({ gateways, ads });
  metrics.observeStatus(status?.measured);
  parts.stopSharing = shareDefaultSecret(settings, logger);
  kubernetes?.onAnswer(gateways.flush);
  metrics.observeKubernetes(kubernetes);
  if (options.paths.length > 0)
    parts.files = await watchFiles({ paths: options.paths, store: stores.files, log: logger });
  return {
    store,
    gateways,
    definitions,
    get controlPlane() {
      return onlyGateway(gateways).controlPlane;
    },
    get view() {
      return onlyGateway(gateways).view;
    },
    ads,
    metrics,
    ...(dns === undefined ? {} : { dns }),
    ...(kubernetes === undefined ? {} : { kubernetes }),
    ...(status === undefined ? {} : { status }),
    ...(xdsTls === undefined ? {} : { xdsTls }),
    stop: () => stopParts(parts),
  };
}

/**
 * What the sources write to. An object that the API server and a file have is that of the API server: its status, and what
 * kubectl shows, are then those of what is in force.
 */
function storesFor(
  store: Store,
  { settings, paths }: GatewayOptions,
): { readonly kubernetes: Store; readonly files: Store } {
  if (!settings.kube || paths.length === 0) return { kubernetes: store, files: store };
  const [kubernetes, files] = layerSources(store, ["the API server", "a file"]);
  return { kubernetes: { ...store, ...kubernetes }, files: { ...store, ...files } };
}

/** DNS is asked for a name only while a backend leads there. */
function namesOf({ dnsResolver }: Settings): DnsNames {
  return createDnsNames(dnsResolver === undefined ? {} : { server: dnsResolver });
}

function onlyGateway(gateways: Gateways): ServedGateway {
  const [one, ...others] = gateways.list();
  if (one === undefined || others.length > 0)
    throw new Error(`the process serves ${others.length + (one ? 1 : 0)} gateways, not one`);
  return one;
}

import { type Feature, ipAccessConfig, type NodeCapabilities } from "@sluice/feature-api";
import type {
  Authority,
  Certificate,
  Cluster,
  GatewaySettings,
  LoadAssignment,
  PassthroughChain,
  Resource,
  ResourceRef,
  TlsChain,
  VirtualHost,
} from "@sluice/model";
import { activeFeatures } from "./active-features.ts";
import type { Built } from "./built.ts";
import { authority, certificate } from "./certificate.ts";
import { cluster } from "./cluster.ts";
import { createListeners } from "./listener.ts";
import { loadAssignment } from "./load-assignment.ts";
import { inlineRouteConfiguration, routeConfiguration } from "./route-configuration.ts";
import { type RouteTable, routeTables } from "./route-table.ts";
import { tracingCluster } from "./tracing.ts";
import { virtualHost } from "./virtual-host.ts";
import type { XdsContext } from "./xds-context.ts";

/**
 * From the gateway model to Envoy's resources. Every function is pure: equal arguments give equal bytes, on every
 * replica. What a user has done wrong comes back as diagnostics beside the resource that works without it.
 */
export interface Xds {
  /** The tables that a host lives in. The one place that decides it. */
  routeTables(virtualHost: VirtualHost): readonly RouteTable[];
  /** Named `TABLE/HOST`. */
  virtualHost(table: RouteTable, virtualHost: VirtualHost): Built;
  /** Takes its hosts by VHDS. */
  routeConfiguration(table: RouteTable): Resource;
  /** The same for a node without VHDS: its hosts are in it, in the order given. */
  inlineRouteConfiguration(configuration: Resource, virtualHosts: readonly Resource[]): Resource;
  cluster(model: Cluster): Built;
  loadAssignment(model: LoadAssignment): Built;
  certificate(model: Certificate): Built;
  authority(model: Authority): Built;
  /** `http` and `https`, in this order. No host may be in two chains, or Envoy refuses the listener. */
  listeners(
    chains: readonly TlsChain[],
    passthroughs?: readonly PassthroughChain[],
    /** Clusters of passthroughs that are there, for the listener to wait for. */
    clusters?: readonly ResourceRef[],
  ): readonly Resource[];
  /** Clusters of the gateway's own, which no object asks for. The listeners depend on them. */
  ownClusters(): readonly Resource[];
}

export interface XdsOptions {
  /** All features; those that the nodes lack extensions for are left out and reported where they are used. */
  readonly features: readonly Feature[];
  readonly settings: GatewaySettings;
  /** What the nodes that get the resources can do. */
  readonly capabilities: NodeCapabilities;
}

/** Makes the translation for one group of nodes that can do the same. */
export function createXds(options: XdsOptions): Xds {
  const context: XdsContext = {
    settings: options.settings,
    features: activeFeatures(options.features, options.capabilities),
    ...(options.settings.ipAccess !== undefined && { ipAccess: ipAccessConfig(options.settings.ipAccess) }),
  };
  return {
    routeTables,
    virtualHost: (table, model) => virtualHost(table, model, context),
    routeConfiguration: (table) => routeConfiguration(table, context),
    inlineRouteConfiguration: (configuration, hosts) =>
      inlineRouteConfiguration(configuration, hosts, context),
    cluster: (model) => cluster(model, context),
    loadAssignment,
    certificate,
    authority,
    listeners: createListeners(context),
    ownClusters: () => [tracingCluster(context.settings)].flatMap((own) => own ?? []),
  };
}

import type { NodeInfo, Peer, Placement } from "@sluice/ads";
import type { GatewayView } from "@sluice/explain";
import {
  compareDiagnostics,
  type Diagnostic,
  type GatewayDefinition,
  type GatewaySettings,
} from "@sluice/model";
import { cell, type Store } from "@sluice/store";
import { type HotSettings, type TranslateSettings, watchUnserved } from "@sluice/translate";
// Not the whole package, which loads the Kubernetes client: that costs a second.
import { refuseGateway } from "@sluice/xds-identity/names";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  createControlPlane,
  distinct,
} from "./control-plane.ts";
import { gatewayView } from "./gateway-view.ts";
import type { Rendering } from "./rendering.ts";

/** One gateway of the process, at work. */
export interface ServedGateway {
  /** As it is in force now. */
  readonly definition: GatewayDefinition;
  readonly name: string;
  /** How its objects are translated now, without names being asked for. */
  readonly translate: TranslateSettings;
  readonly controlPlane: ControlPlane;
  /** What explain looks up. */
  readonly view: GatewayView;
}

/** What of translation is the same for all gateways of a process. */
export type SharedTranslateSettings = Omit<TranslateSettings, keyof HotSettings>;

export interface GatewaysOptions
  extends Pick<ControlPlaneOptions, "store" | "features" | "isComplete" | "mayRender"> {
  readonly translate: SharedTranslateSettings;
  /** `spec.controller` of the IngressClasses that are this process's business. */
  readonly controller: string;
  /**
   * True where each node is of the one gateway, whatever it calls its cluster; false where the cluster of a node names its
   * gateway.
   */
  readonly takesAnyNode: boolean;
  /** Resolves when no node of the gateway has anything in flight. */
  readonly whenIdle: (isOfGateway: (info: NodeInfo) => boolean) => Promise<void>;
  /** What to tell of one gateway, and whom. */
  readonly observe?: (
    gateway: string,
  ) => Pick<ControlPlaneOptions, "events" | "observer" | "status" | "onError">;
  /** A gateway is gone: its nodes are to be sent away. */
  readonly onDeleted?: (name: string) => void;
}

/**
 * The gateways of a process over one store: each with nodes, rules of listening and a world of its own. They can be
 * added, changed and taken away at any time; what happens to one touches no resource of another.
 */
export interface Gateways {
  /** Adds the gateway, or goes on with another definition of it. An equal one changes nothing. */
  set(definition: GatewayDefinition): void;
  /** Takes the gateway away; nothing happens if there is none of this name. */
  delete(name: string): void;
  /** So many Envoys share the traffic of the gateway, those of other processes included. */
  setInstances(name: string, instances: number): void;
  get(name: string): ServedGateway | undefined;
  /** By name. */
  list(): readonly ServedGateway[];
  /** The gateway that a node belongs to. */
  of(info: NodeInfo): ServedGateway | undefined;
  /**
   * What a node is served, or why nothing: to be told to the node. A node with a certificate gets the gateway that its
   * certificate is for, and no other.
   */
  place(info: NodeInfo, peer?: Peer): Placement | string;
  /** Renders on all gateways what was not to be rendered so far. */
  flush(): void;
  /** What there is to say about one, and about what no gateway has. */
  diagnosticsOf(gateway: ServedGateway): readonly Diagnostic[];
  /** Everything there is to say about all gateways, each finding once, in a stable order. */
  diagnostics(): readonly Diagnostic[];
  stop(): void;
}

interface Entry extends ServedGateway {
  instances: number;
  definition: GatewayDefinition;
  translate: TranslateSettings;
}

export function createGateways(options: GatewaysOptions): Gateways {
  const { store, features } = options;
  const entries = new Map<string, Entry>();
  const unserved = new Map<string, readonly Diagnostic[]>();
  const definitions = cell<readonly GatewayDefinition[]>([]);
  const list = (): readonly Entry[] => [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const announce = (): void => definitions.set(list().map(({ definition }) => definition));
  const of = (info: NodeInfo): Entry | undefined =>
    options.takesAnyNode ? entries.values().next().value : entries.get(info.cluster);
  const { dns: _dns, ...unresolved } = options.translate;
  const translateOf = (definition: GatewayDefinition): TranslateSettings => ({
    ...unresolved,
    ...hotSettings(definition, 1),
  });
  const start = (definition: GatewayDefinition): Entry => {
    const { name } = definition;
    const controlPlane = createControlPlane({
      ...options,
      ...options.observe?.(name),
      translate: { ...options.translate, ...hotSettings(definition, 1) },
      gateway: named(definition),
      whenIdle: () => options.whenIdle((info) => of(info)?.name === name),
    });
    const view = gatewayView(controlPlane.model, store, features);
    return { definition, name, instances: 1, translate: translateOf(definition), controlPlane, view };
  };
  const change = ({ controlPlane, definition, instances }: Entry): void =>
    controlPlane.change({ translate: hotSettings(definition, instances), gateway: named(definition) });
  const diagnosticsOf = (some: readonly ServedGateway[]): readonly Diagnostic[] =>
    distinct([
      ...store.diagnostics(),
      ...[...unserved.values()].flat(),
      ...some.flatMap(({ controlPlane }) => controlPlane.diagnostics()),
    ]).sort(compareDiagnostics);
  const stopUnserved = watchUnserved({
    store,
    controller: options.controller,
    gateways: () => definitions.get().map(({ listens }) => listens),
    sink(unit, found) {
      if (found.length === 0) unserved.delete(unit);
      else unserved.set(unit, found);
    },
  });

  return {
    set(definition) {
      const known = entries.get(definition.name);
      if (known === undefined) entries.set(definition.name, start(definition));
      else {
        known.definition = definition;
        known.translate = translateOf(definition);
        change(known);
      }
      announce();
    },
    setInstances(name, instances) {
      const known = entries.get(name);
      if (known === undefined || known.instances === instances) return;
      known.instances = instances;
      change(known);
    },
    delete(name) {
      const known = entries.get(name);
      if (known === undefined) return;
      entries.delete(name);
      announce();
      known.controlPlane.stop();
      options.onDeleted?.(name);
    },
    get: (name) => entries.get(name),
    list,
    of,
    place(info, peer) {
      const refused = peer && refuseGateway(info.cluster, peer.uris);
      if (refused !== undefined) return refused;
      const gateway = peer === undefined ? of(info) : entries.get(info.cluster);
      if (gateway === undefined) return unknownGateway(info, [...entries.keys()], store);
      return { world: renderingOf(gateway, info).world, inline: gateway.controlPlane.inline };
    },
    flush() {
      for (const { controlPlane } of entries.values()) controlPlane.flush();
    },
    diagnosticsOf: (gateway) => diagnosticsOf([gateway]),
    diagnostics: () => diagnosticsOf(list()),
    stop() {
      stopUnserved();
      for (const { controlPlane } of entries.values()) controlPlane.stop();
    },
  };
}

/** The rendering that a node of a gateway gets. */
export function renderingOf(
  { controlPlane }: Pick<ServedGateway, "controlPlane">,
  info: NodeInfo,
): Rendering {
  return controlPlane.renderingFor(
    new Set(info.extensions.flatMap(({ name, typeUrls }) => [name, ...typeUrls])),
  );
}

function hotSettings({ listens, settings }: GatewayDefinition, instances: number): HotSettings {
  return { listens, httpsPort: publicPort(settings), instances };
}

/** Its requests are counted under the name of the gateway. */
function named({ name, settings }: GatewayDefinition): GatewaySettings {
  return { ...settings, name };
}

/** The port that redirects to https name. */
function publicPort({ https }: GatewaySettings): number {
  return https.publicPort ?? https.port;
}

function unknownGateway({ id, cluster }: NodeInfo, names: readonly string[], store: Store): string {
  const known = names.length === 0 ? "there is none so far" : `there are: ${[...names].sort().join(", ")}`;
  const synced = store.isSynced() ? "" : "; not all sources have been read yet";
  return `the node ${id} names the gateway "${cluster}" (node.cluster), which is not served here; ${known}${synced}`;
}

import { isDeepStrictEqual } from "node:util";
import { cacheInline, type Inline, World, type WorldEvents } from "@sluice/ads";
import type { Feature, NodeCapabilities } from "@sluice/feature-api";
import type { Diagnostic, GatewaySettings, ObjectKey, Resource, ResourceRef } from "@sluice/model";
import { compareDiagnostics } from "@sluice/model";
import type { Store } from "@sluice/store";
import {
  changeableSettings,
  type HotSettings,
  startTranslation,
  type TranslateSettings,
} from "@sluice/translate";
import { createXds, requirementsOf, type Xds } from "@sluice/xds";
import { createEffectiveStore } from "./effective-store.ts";
import { createIsolation, type Isolation, quarantineDiagnostics } from "./isolation.ts";
import { createModelState, type ModelState } from "./model-state.ts";
import { createRendering, everything, type Rendering } from "./rendering.ts";

export interface ControlPlaneOptions {
  readonly store: Store;
  readonly features: readonly Feature[];
  readonly translate: TranslateSettings;
  readonly gateway: GatewaySettings;
  readonly events?: WorldEvents;
  /** Resolves when no node has anything in flight. */
  readonly whenIdle: () => Promise<void>;
  /** Whether what translation asks of others than the store has been answered once; default: always. */
  readonly isComplete?: () => boolean;
  /**
   * Whether the present state of the store is fit to be served, and not in the middle of a change, since something has
   * been asked for because of it; default: always. When it becomes so, `flush` is to be called.
   */
  readonly mayRender?: () => boolean;
  readonly observer?: RenderObserver;
  readonly status?: StatusObserver;
  /** Receives exceptions of the search for who is at fault for a refusal: bugs. Default: to standard error. */
  readonly onError?: (error: unknown) => void;
}

/** Is told what rendering does, to measure it. */
export interface RenderObserver {
  /** A resource has a form that nodes should come to hold, of which they know nothing yet. */
  resourceRendered(resource: Resource): void;
  /** A change of the model was rendered and handed to ADS, in this many milliseconds. */
  changeRendered(milliseconds: number): void;
}

/** Is told what is behind the status of objects, as it changes. */
export interface StatusObserver {
  rendered(rendering: string, resource: Resource): void;
  dropped(rendering: string, ref: ResourceRef): void;
  /** A part of the control plane has this to say now, in place of what it said before. */
  diagnosed(part: string, found: readonly Diagnostic[]): void;
  /** Objects have been set aside, or are served again, or are known to be at fault. */
  setAside(keys: readonly ObjectKey[]): void;
  /** These objects of the store have changed. */
  changed(keys: readonly ObjectKey[]): void;
  /** What is known has been rendered. */
  settled(): void;
}

/** From the store to what nodes are served. */
export interface ControlPlane {
  readonly model: ModelState;
  /** Puts virtual hosts into their RouteConfiguration, for state of the world nodes. */
  readonly inline: Inline;
  /** The rendering for nodes with these extensions. Nodes with the same abilities share one. */
  renderingFor(extensions: ReadonlySet<string>): Rendering;
  renderings(): readonly Rendering[];
  /** Whether nodes are served, and all that is known has been rendered. */
  isCurrent(): boolean;
  readonly isolation: Isolation;
  /**
   * Goes on with other settings. What depends on them is translated and rendered anew, and nothing else reaches a node;
   * the order in which nodes get it is that of any change.
   */
  change(settings: { readonly translate: HotSettings; readonly gateway: GatewaySettings }): void;
  /** Renders what has changed otherwise than by a change of the store, or was not to be rendered so far. */
  flush(): void;
  /** Everything there is to say, each finding once, in a stable order. */
  diagnostics(): readonly Diagnostic[];
  stop(): void;
}

/**
 * Keeps translation and renderings in step with the store. Worlds open, and so nodes are served, once every
 * source has synced and what they hold has been translated, names that it asks DNS for included.
 */
export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { store, features } = options;
  const { status } = options;
  const { state, sink: stateSink } = createModelState();
  const sink =
    status === undefined
      ? stateSink
      : {
          ...stateSink,
          diagnostics(unit: string, found: readonly Diagnostic[]) {
            stateSink.diagnostics(unit, found);
            status.diagnosed(unit, found);
          },
        };
  const renderings = new Map<string, Rendering>();
  const required = new Set(features.flatMap(requirementsOf));

  let gateway = options.gateway;
  const xdsFor = (capabilities: NodeCapabilities): Xds =>
    createXds({ features, settings: gateway, capabilities });
  let full = xdsFor(ABLE);

  let isOpen = false;
  /** Whether something was not to be rendered so far. */
  let isHeldBack = false;
  const openIfSynced = (): void => {
    isOpen ||= store.isSynced() && (options.isComplete?.() ?? true);
    if (isOpen) for (const { world } of renderings.values()) world.open();
  };
  let hasOtherSettings = false;
  const useSettings = (): void => {
    hasOtherSettings = false;
    full = xdsFor(ABLE);
    for (const [key, rendering] of renderings)
      rendering.use(key === "" ? full : xdsFor(lacking(key.split(" "))));
  };
  const render = (): void => {
    const start = performance.now();
    if (hasOtherSettings) useSettings();
    const change = state.takeChange();
    if (change !== undefined) for (const rendering of renderings.values()) rendering.apply(change);
    openIfSynced();
    if (change !== undefined) options.observer?.changeRendered(performance.now() - start);
  };
  const flush = (): void => {
    isHeldBack = !(options.mayRender?.() ?? true);
    if (isHeldBack) return;
    render();
    status?.settled();
  };
  const objects = createEffectiveStore(store, (keys) => status?.setAside(keys));
  const isolation = createIsolation({
    objects,
    // A trial compares what is served before and after it, and must not wait for others.
    flush: render,
    whenIdle: options.whenIdle,
    now: Date.now,
    onError: options.onError ?? ((error) => console.error("Failed: isolation:", error)),
    onConvicted: (keys) => status?.setAside(keys),
  });
  const events: WorldEvents = {
    onAccepted(verdict) {
      isolation.accepted(verdict);
      options.events?.onAccepted?.(verdict);
    },
    onRefused(verdict) {
      isolation.refused(verdict);
      options.events?.onRefused?.(verdict);
    },
    ...(options.events?.onRemoved === undefined ? {} : { onRemoved: options.events.onRemoved }),
  };
  const create = (name: string, xds: Xds): Rendering =>
    createRendering(name, state, xds, new World(events), {
      rendered(resource) {
        isolation.rendered(name, resource);
        status?.rendered(name, resource);
        options.observer?.resourceRendered(resource);
      },
      dropped(ref) {
        isolation.dropped(name, ref);
        status?.dropped(name, ref);
      },
      diagnosed: (resource, found) => status?.diagnosed(`${name} ${resource}`, found),
    });

  renderings.set("", create("full", full));
  const translate = changeableSettings(options.translate);
  const stopTranslation = startTranslation({
    store: objects.store,
    features,
    settings: translate.settings,
    sink,
  });
  flush();
  const unsubscribe = store.onApplied((_revision, keys) => {
    objects.follow(keys);
    isolation.changed(keys);
    status?.changed(keys);
    flush();
  });
  void store.whenSynced().then(flush);

  return {
    model: state,
    isolation,
    flush,
    inline: cacheInline((configuration, hosts) => full.inlineRouteConfiguration(configuration, hosts)),
    change(next) {
      hasOtherSettings ||= !isDeepStrictEqual(gateway, next.gateway);
      gateway = next.gateway;
      translate.change(next.translate);
      flush();
    },
    renderingFor(extensions) {
      const missing = [...required].filter((extension) => !extensions.has(extension)).sort();
      const key = missing.join(" ");
      const known = renderings.get(key);
      if (known !== undefined) return known;
      const made = create(`without ${key}`, xdsFor(lacking(missing)));
      renderings.set(key, made);
      made.apply(everything(state));
      openIfSynced();
      return made;
    },
    renderings: () => [...renderings.values()],
    isCurrent: () => isOpen && !isHeldBack,
    diagnostics() {
      const found = [
        ...store.diagnostics(),
        ...[...state.diagnostics.values()].flat(),
        ...isolation.diagnostics(),
        ...[...renderings.values()].flatMap(({ world, diagnostics }) => [
          ...[...diagnostics.values()].flat(),
          ...world.quarantine().flatMap(quarantineDiagnostics),
        ]),
      ];
      return distinct(found).sort(compareDiagnostics);
    },
    stop() {
      unsubscribe();
      stopTranslation();
    },
  };
}

/** A node with every extension. */
const ABLE: NodeCapabilities = { has: () => true };

function lacking(missing: readonly string[]): NodeCapabilities {
  return { has: (extension) => !missing.includes(extension) };
}

export function distinct(found: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(found.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic])).values()];
}

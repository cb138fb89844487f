import type { World } from "@sluice/ads";
import type { Diagnostic, PassthroughChain, Resource, ResourceRef, VirtualHost } from "@sluice/model";
import { resourceKey } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { type Built, chainTable, HTTP_TABLE, HTTPS_TABLE, type RouteTable, type Xds } from "@sluice/xds";
import type { ModelChange, ModelState } from "./model-state.ts";

/** The model as resources for one kind of node, kept in step with it. */
export interface Rendering {
  /** `full`, or what its nodes lack: `without EXTENSION …`. */
  readonly name: string;
  readonly world: World;
  /** Renders what changed and hands it to the world, as one change. */
  apply(change: ModelChange): void;
  /** Renders everything in another way; resources that come out the same are left alone. */
  use(xds: Xds): void;
  /** Every resource as it is wanted, by {@link resourceKey}. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Findings made while rendering, by resource key. */
  readonly diagnostics: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** Is told of every resource before the world is. */
export interface RenderingListener {
  rendered(resource: Resource): void;
  dropped(ref: ResourceRef): void;
  /** What there is to say of a resource is this now, if anything. */
  diagnosed(resource: string, found: readonly Diagnostic[]): void;
}

/** Renders units of the model into resources. The cost follows the change: untouched units are not looked at. */
export function createRendering(
  name: string,
  state: ModelState,
  firstXds: Xds,
  world: World,
  listener: RenderingListener,
): Rendering {
  let xds = firstXds;
  const resources = new Map<string, Resource>();
  const diagnostics = new Map<string, readonly Diagnostic[]>();
  const tablesOf = new Map<string, readonly RouteTable[]>();
  let chainTables: readonly RouteTable[] = [];

  const diagnose = (key: string, found: readonly Diagnostic[]): void => {
    if (found.length > 0) diagnostics.set(key, found);
    else if (!diagnostics.delete(key)) return;
    listener.diagnosed(key, found);
  };
  /** `sameObjects`: nothing has changed in the objects, so that an equal resource says nothing new to anybody. */
  const collect = (sameObjects: boolean) => {
    const set: Resource[] = [];
    const removed: ResourceRef[] = [];
    return {
      put(resource: Resource, found: readonly Diagnostic[] = []): void {
        const key = resourceKey(resource);
        diagnose(key, found);
        if (sameObjects && resources.get(key)?.version === resource.version) return;
        resources.set(key, resource);
        listener.rendered(resource);
        set.push(resource);
      },
      putBuilt(built: Built): void {
        this.put(built.resource, built.diagnostics);
      },
      drop(ref: ResourceRef): void {
        const key = resourceKey(ref);
        diagnose(key, []);
        if (!resources.delete(key)) return;
        listener.dropped(ref);
        removed.push(ref);
      },
      sameObjects,
      change: () => ({ set, removed }),
    };
  };
  type Collector = ReturnType<typeof collect>;

  const renderHost = (host: string, model: VirtualHost | undefined, out: Collector): void => {
    const tables = model === undefined ? [] : xds.routeTables(model);
    for (const table of tablesOf.get(host) ?? [])
      if (!tables.some(({ name }) => name === table.name))
        out.drop({ typeUrl: TYPE_URLS.VIRTUAL_HOST, name: `${table.name}/${host}` });
    if (model === undefined) tablesOf.delete(host);
    else {
      tablesOf.set(host, tables);
      for (const table of tables) out.putBuilt(xds.virtualHost(table, model));
    }
  };

  /** Those that are there: one whose name is still being resolved must not hold up the listener, and with it all hosts. */
  const clusterRefs = (passed: readonly PassthroughChain[]): ResourceRef[] =>
    passed
      .flatMap(({ cluster }) => (cluster !== undefined && state.clusters.has(cluster) ? [cluster] : []))
      .flatMap((name) => [
        { typeUrl: TYPE_URLS.CLUSTER, name },
        { typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, name },
      ]);

  const renderChains = (out: Collector): void => {
    const chains = state.tlsChains();
    const tables = [HTTP_TABLE, HTTPS_TABLE, ...chains.map(({ name }) => chainTable(name))];
    const names = new Set(tables.map(({ name }) => name));
    const known = new Set(out.sameObjects ? [] : chainTables.map(({ name }) => name));
    for (const { name } of chainTables)
      if (!names.has(name)) out.drop({ typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name });
    for (const table of tables) if (!known.has(table.name)) out.put(xds.routeConfiguration(table));
    chainTables = tables;
    if (known.size === 0) for (const cluster of xds.ownClusters()) out.put(cluster);
    const passed = state.passthroughs();
    for (const listener of xds.listeners(chains, passed, clusterRefs(passed))) out.put(listener);
  };

  const render = (change: ModelChange, out: Collector): void => {
    const each = <V>(
      names: ReadonlySet<string>,
      models: ReadonlyMap<string, V>,
      typeUrl: string,
      render: (model: V) => Built,
    ): void => {
      for (const name of names) {
        const model = models.get(name);
        if (model === undefined) out.drop({ typeUrl, name });
        else out.putBuilt(render(model));
      }
    };
    each(change.clusters, state.clusters, TYPE_URLS.CLUSTER, (model) => xds.cluster(model));
    each(change.loadAssignments, state.loadAssignments, TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, (model) =>
      xds.loadAssignment(model),
    );
    each(change.certificates, state.certificates, TYPE_URLS.SECRET, (model) => xds.certificate(model));
    each(change.authorities, state.authorities, TYPE_URLS.SECRET, (model) => xds.authority(model));
    if (change.tlsChains) renderChains(out);
    for (const host of change.virtualHosts) renderHost(host, state.virtualHosts.get(host), out);
    world.apply(out.change());
  };

  return {
    name,
    world,
    resources,
    diagnostics,
    apply: (change) => render(change, collect(false)),
    use(next) {
      xds = next;
      render(everything(state), collect(true));
    },
  };
}

/** A change that touches everything there is: what a rendering that starts late has to catch up with. */
export function everything(state: ModelState): ModelChange {
  return {
    virtualHosts: new Set(state.virtualHosts.keys()),
    clusters: new Set(state.clusters.keys()),
    loadAssignments: new Set(state.loadAssignments.keys()),
    certificates: new Set(state.certificates.keys()),
    authorities: new Set(state.authorities.keys()),
    tlsChains: true,
  };
}

import type { Feature, FeatureScope } from "@sluice/feature-api";
import type {
  Authority,
  Backend,
  Certificate,
  Cluster,
  Diagnostic,
  LoadAssignment,
  ObjectKey,
  PassthroughChain,
  TlsChain,
  VirtualHost,
} from "@sluice/model";
import { DEFAULT_CERTIFICATE } from "@sluice/model";
import { cell, type StoreReader } from "@sluice/store";
import { backendUnits, readyEndpoints } from "./backend-units.ts";
import type { TranslateContext } from "./context.ts";
import { createDemand } from "./demand.ts";
import { hostUnits } from "./host-units.ts";
import { ingressesByHost } from "./indexes.ts";
import { ingressUnits } from "./ingress-units.ts";
import { createListening } from "./listening.ts";
import { referencesFrom } from "./references.ts";
import { createRelation, type Relation } from "./relation.ts";
import type { TranslateSettings } from "./settings.ts";
import { createTlsChains } from "./tls-chains.ts";

/**
 * Where the units of the gateway model go as they change. Calls come within the store's batch: a unit may be
 * told twice before it settles, and the last call counts. `undefined` takes the unit out.
 */
export interface TranslationSink {
  virtualHost(host: string, model: VirtualHost | undefined): void;
  /** While the endpoints of a cluster are being found out, nothing is told of it nor of its load assignment. */
  cluster(name: string, model: Cluster | undefined): void;
  loadAssignment(name: string, model: LoadAssignment | undefined): void;
  certificate(name: string, model: Certificate | undefined): void;
  authority(name: string, model: Authority | undefined): void;
  /** All chains but that of connections whose name none has, and the hosts whose TLS is passed on. */
  tlsChains(chains: readonly TlsChain[], passthroughs: readonly PassthroughChain[]): void;
  /** Replaces what a unit has to say. */
  diagnostics(unit: string, found: readonly Diagnostic[]): void;
}

export interface TranslationOptions {
  readonly store: StoreReader;
  readonly features: readonly Feature[];
  readonly settings: TranslateSettings;
  readonly sink: TranslationSink;
}

/**
 * Keeps the gateway model of a store in step with it, and tells the sink what changes. The cost of a change
 * follows the change: only derivations that read something changed run again. Returns a function that stops.
 */
export function startTranslation(options: TranslationOptions): () => void {
  const { store, features, settings, sink } = options;
  const { graph } = store;
  const context: TranslateContext = {
    store,
    features,
    byScope: {
      route: ofScope(features, "route"),
      domain: ofScope(features, "domain"),
      service: ofScope(features, "service"),
    },
    settings,
    isOurs: createListening(store, () => settings.listens),
    ingressesOfBackend: createRelation(),
    mainsOfService: createRelation(),
  };
  const ready = readyEndpoints(context);
  const references = (namespace: string) => referencesFrom(namespace, context, ready);
  const ingresses = ingressUnits(context, references);
  const hosts = hostUnits(context, ingresses, references);
  const backends = new Map<string, Backend>();
  const backend = backendUnits(context, ingresses, (name) => known(backends, name));
  const clusters = createDemand();
  const certificates = createDemand();
  const authorities = createDemand();
  const services = createDemand();
  const mains = createMains(context.mainsOfService);
  const chains = createTlsChains();
  const chainRevision = cell(0);
  const setChain = (host: string, model: VirtualHost | undefined): void => {
    if (chains.set(host, model)) chainRevision.set(++chainChanges);
  };
  let chainChanges = 0;

  const stops = graph.batch(() => [
    graph.forEachKey(
      store.keys("Ingress"),
      (key) => {
        const rules = ingresses.rules(key);
        const used = rules?.services ?? NONE;
        graph.untracked(() => {
          services.hold(`ingress ${key}`, used);
          context.ingressesOfBackend.set(key, rules === undefined ? NONE : rules.backends);
        });
        sink.diagnostics(key, rules?.diagnostics ?? []);
      },
      (key) => {
        services.hold(`ingress ${key}`, NONE);
        context.ingressesOfBackend.set(key, NONE);
        sink.diagnostics(key, []);
      },
    ),
    graph.forEachKey(
      services.keys,
      (service) => sink.diagnostics(`service ${service}`, ingresses.service(service).diagnostics),
      (service) => sink.diagnostics(`service ${service}`, []),
    ),
    graph.forEachKey(
      store.index(ingressesByHost(features)).keys,
      (host) => {
        const { virtualHost, diagnostics, canaryServices } = hosts.virtualHost(host);
        const certificate = hosts.hostCertificate(host);
        const domain = ingresses.domain(host);
        graph.untracked(() => {
          mains.set(host, canaryServices);
          clusters.hold(host, backendsOf(virtualHost, backends));
          certificates.hold(host, ownCertificate(virtualHost));
          const { authority } = virtualHost?.tls?.clients ?? {};
          authorities.hold(host, authority === undefined ? NONE : new Set([authority]));
          setChain(host, virtualHost);
          sink.virtualHost(host, virtualHost);
        });
        // A certificate that nobody sees is no cause for concern.
        const ofCertificate = virtualHost?.passthrough === undefined ? certificate.diagnostics : [];
        sink.diagnostics(`host ${host}`, [...diagnostics, ...ofCertificate, ...domain.diagnostics]);
      },
      (host) => {
        clusters.hold(host, NONE);
        mains.set(host, new Map());
        certificates.hold(host, NONE);
        authorities.hold(host, NONE);
        setChain(host, undefined);
        sink.virtualHost(host, undefined);
        sink.diagnostics(`host ${host}`, []);
      },
    ),
    graph.forEachKey(
      clusters.keys,
      (name) => {
        const { loadAssignment, isPending, diagnostics } = backend.loadAssignment(name);
        sink.diagnostics(`cluster ${name}`, diagnostics);
        if (isPending) return;
        const cluster = backend.cluster(name);
        const { clientCertificate } = cluster;
        graph.untracked(() =>
          certificates.hold(
            `cluster ${name}`,
            clientCertificate === undefined ? NONE : new Set([clientCertificate]),
          ),
        );
        sink.cluster(name, cluster);
        sink.loadAssignment(name, loadAssignment);
      },
      (name) => {
        backends.delete(name);
        certificates.hold(`cluster ${name}`, NONE);
        sink.cluster(name, undefined);
        sink.loadAssignment(name, undefined);
        sink.diagnostics(`cluster ${name}`, []);
      },
    ),
    graph.forEachKey(
      certificates.keys,
      (name) => sink.certificate(name, hosts.certificate(name)),
      (name) => sink.certificate(name, undefined),
    ),
    graph.forEachKey(
      authorities.keys,
      (name) => sink.authority(name, hosts.authority(name)),
      (name) => sink.authority(name, undefined),
    ),
    graph.effect(() => {
      const { certificate, diagnostics } = hosts.defaultCertificate();
      sink.certificate(DEFAULT_CERTIFICATE, certificate);
      sink.diagnostics("default certificate", diagnostics);
    }),
    // One announcement for all hosts that a batch moves.
    graph.effect(() => {
      chainRevision.get();
      sink.tlsChains(chains.current(), chains.passthroughs());
    }),
  ]);
  return () => {
    for (const stop of stops) stop();
  };
}

const NONE: ReadonlySet<string> = new Set();

function ofScope(features: readonly Feature[], scope: FeatureScope): readonly Feature[] {
  return features.filter((feature) => feature.scope === scope);
}

function known(backends: ReadonlyMap<string, Backend>, name: string): Backend {
  const found = backends.get(name);
  if (found === undefined) throw new Error(`No backend is known by the name ${name}`);
  return found;
}

/** Enters into the relation which Ingresses stand behind canaries' Services, host by host. */
function createMains(relation: Relation) {
  const before = new Map<string, readonly ObjectKey[]>();
  return {
    set(host: string, services: ReadonlyMap<ObjectKey, ReadonlySet<string>>): void {
      for (const key of before.get(host) ?? []) if (!services.has(key)) relation.set(`${host} ${key}`, NONE);
      for (const [key, names] of services) relation.set(`${host} ${key}`, names);
      if (services.size === 0) before.delete(host);
      else before.set(host, [...services.keys()]);
    },
  };
}

/** The certificate that a host has to itself; the default one is always there. */
function ownCertificate(virtualHost: VirtualHost | undefined): ReadonlySet<string> {
  const name = virtualHost?.certificate;
  return name === undefined || name === DEFAULT_CERTIFICATE ? NONE : new Set([name]);
}

/** Names of the backends that a virtual host forwards to; remembers what they stand for. */
function backendsOf(virtualHost: VirtualHost | undefined, backends: Map<string, Backend>): Set<string> {
  const names = new Set<string>();
  const passed = virtualHost?.passthrough?.backend;
  if (passed !== undefined) {
    names.add(passed.name);
    if (!backends.has(passed.name)) backends.set(passed.name, passed);
  }
  for (const { action } of virtualHost?.routes ?? []) {
    if (action.kind !== "forward") continue;
    const beside = [action.mirror ?? [], action.errorPages ?? []].flat();
    for (const backend of [...action.backends, ...beside].flatMap(({ backend, httpsBackend }) => [
      backend,
      ...(httpsBackend === undefined ? [] : [httpsBackend]),
    ])) {
      names.add(backend.name);
      if (!backends.has(backend.name)) backends.set(backend.name, backend);
    }
  }
  return names;
}

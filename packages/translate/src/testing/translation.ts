import type { Feature } from "@sluice/feature-api";
import {
  type Authority,
  type Certificate,
  type Cluster,
  DEFAULT_CERTIFICATE,
  type Diagnostic,
  type KubeObject,
  type LoadAssignment,
  type ObjectRef,
  type PassthroughChain,
  type TlsChain,
  type VirtualHost,
} from "@sluice/model";
import { createStore, type Store } from "@sluice/store";
import { DEFAULT_CONTROLLER, DEFAULT_INGRESS_CLASS, type TranslateSettings } from "../settings.ts";
import { startTranslation } from "../translation.ts";
import { watchUnserved } from "../unserved.ts";

export const TEST_SETTINGS: TranslateSettings = {
  listens: { ingressClass: DEFAULT_INGRESS_CLASS, controller: DEFAULT_CONTROLLER },
  sslRedirect: true,
  httpsPort: 443,
  allowExternalName: false,
  sslPassthrough: false,
  allowCrossNamespace: false,
  now: Date.now,
  defaultCertificate: {
    name: DEFAULT_CERTIFICATE,
    chain: new Uint8Array([1]),
    key: new Uint8Array([2]),
    origins: [],
  },
};

/** A translation at work, and the model as its sink was last told. */
export interface TestTranslation {
  readonly store: Store;
  readonly virtualHosts: ReadonlyMap<string, VirtualHost>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly loadAssignments: ReadonlyMap<string, LoadAssignment>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly authorities: ReadonlyMap<string, Authority>;
  chains(): readonly TlsChain[];
  passthroughs(): readonly PassthroughChain[];
  set(...objects: readonly KubeObject[]): void;
  remove(...objects: readonly KubeObject[]): void;
  diagnostics(): readonly Diagnostic[];
  /** `CODE object`, sorted. */
  found(): readonly string[];
  /** What the routes of a host do, in order: `NAME → BACKENDS`, a status, or `redirect`. */
  routes(host: string): readonly string[];
  stop(): void;
}

/** Translates objects with a sink that remembers. Bugs (exceptions of derivations) are thrown. */
export function translate(
  objects: readonly KubeObject[],
  options: { readonly features: readonly Feature[]; readonly settings?: Partial<TranslateSettings> },
): TestTranslation {
  const store = createStore({
    onError(name, key, error) {
      throw new Error(`${name} of ${key} failed`, { cause: error });
    },
  });
  const virtualHosts = new Map<string, VirtualHost>();
  const clusters = new Map<string, Cluster>();
  const loadAssignments = new Map<string, LoadAssignment>();
  const certificates = new Map<string, Certificate>();
  const authorities = new Map<string, Authority>();
  const findings = new Map<string, readonly Diagnostic[]>();
  let chains: readonly TlsChain[] = [];
  let passthroughs: readonly PassthroughChain[] = [];
  store.apply({ set: objects, removed: [] });
  const stop = startTranslation({
    store,
    features: options.features,
    settings: { ...TEST_SETTINGS, ...options.settings },
    sink: {
      virtualHost: keep(virtualHosts),
      cluster: keep(clusters),
      loadAssignment: keep(loadAssignments),
      certificate: keep(certificates),
      authority: keep(authorities),
      tlsChains(list, passed) {
        chains = list;
        passthroughs = passed;
      },
      diagnostics: (unit, found) => keep(findings)(unit, found.length === 0 ? undefined : found),
    },
  });
  const settings = { ...TEST_SETTINGS, ...options.settings };
  const stopUnserved = watchUnserved({
    store,
    gateways: () => [settings.listens],
    controller: DEFAULT_CONTROLLER,
    sink: (unit, found) => keep(findings)(unit, found.length === 0 ? undefined : found),
  });
  const diagnostics = (): Diagnostic[] => [...findings.values()].flat();
  return {
    store,
    virtualHosts,
    clusters,
    loadAssignments,
    certificates,
    authorities,
    chains: () => chains,
    passthroughs: () => passthroughs,
    set: (...set) => store.apply({ set, removed: [] }),
    remove: (...gone) => store.apply({ set: [], removed: gone.map(refOf) }),
    diagnostics,
    found: () =>
      diagnostics()
        .map(({ code, origin }) => `${code} ${origin?.object.name}`)
        .sort(),
    routes: (host) => (virtualHosts.get(host)?.routes ?? []).map(summary),
    stop() {
      stopUnserved();
      stop();
    },
  };
}

function keep<V>(map: Map<string, V>) {
  return (name: string, value: V | undefined): void => {
    if (value === undefined) map.delete(name);
    else map.set(name, value);
  };
}

function refOf({ kind, metadata }: KubeObject): ObjectRef {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

function summary({ name, action }: VirtualHost["routes"][number]): string {
  if (action.kind === "forward")
    return `${name} → ${action.backends.map(({ backend }) => backend.name).join()}`;
  return action.kind === "respond" ? `${name} → ${action.status}` : `${name} → redirect`;
}

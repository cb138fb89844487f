import type {
  Authority,
  Certificate,
  Cluster,
  Diagnostic,
  LoadAssignment,
  PassthroughChain,
  TlsChain,
  VirtualHost,
} from "@sluice/model";
import type { TranslationSink } from "@sluice/translate";

/** The units of the gateway model that changed since they were last taken. */
export interface ModelChange {
  readonly virtualHosts: ReadonlySet<string>;
  readonly clusters: ReadonlySet<string>;
  readonly loadAssignments: ReadonlySet<string>;
  readonly certificates: ReadonlySet<string>;
  readonly authorities: ReadonlySet<string>;
  readonly tlsChains: boolean;
}

/** The gateway model as translation last told it. Read by the renderings, explain, diff and the debug endpoint. */
export interface ModelState {
  readonly virtualHosts: ReadonlyMap<string, VirtualHost>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly loadAssignments: ReadonlyMap<string, LoadAssignment>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly authorities: ReadonlyMap<string, Authority>;
  tlsChains(): readonly TlsChain[];
  passthroughs(): readonly PassthroughChain[];
  /** What each unit of translation has to say; by unit. */
  readonly diagnostics: ReadonlyMap<string, readonly Diagnostic[]>;
  /** The change since the last call, or undefined when there is none. */
  takeChange(): ModelChange | undefined;
}

export function createModelState(): { readonly state: ModelState; readonly sink: TranslationSink } {
  const virtualHosts = tracked<VirtualHost>();
  const clusters = tracked<Cluster>();
  const loadAssignments = tracked<LoadAssignment>();
  const certificates = tracked<Certificate>();
  const authorities = tracked<Authority>();
  const diagnostics = new Map<string, readonly Diagnostic[]>();
  let chains: readonly TlsChain[] = [];
  let passthroughs: readonly PassthroughChain[] = [];
  let chainsChanged = false;

  const takeChange = (): ModelChange | undefined => {
    const change: ModelChange = {
      virtualHosts: virtualHosts.take(),
      clusters: clusters.take(),
      loadAssignments: loadAssignments.take(),
      certificates: certificates.take(),
      authorities: authorities.take(),
      tlsChains: chainsChanged,
    };
    chainsChanged = false;
    const { tlsChains, ...units } = change;
    return tlsChains || Object.values(units).some((names) => names.size > 0) ? change : undefined;
  };

  return {
    state: {
      virtualHosts: virtualHosts.map,
      clusters: clusters.map,
      loadAssignments: loadAssignments.map,
      certificates: certificates.map,
      authorities: authorities.map,
      tlsChains: () => chains,
      passthroughs: () => passthroughs,
      diagnostics,
      takeChange,
    },
    sink: {
      virtualHost: virtualHosts.set,
      cluster: clusters.set,
      loadAssignment: loadAssignments.set,
      certificate: certificates.set,
      authority: authorities.set,
      tlsChains(list, passed) {
        chains = list;
        passthroughs = passed;
        chainsChanged = true;
      },
      diagnostics(unit, found) {
        if (found.length === 0) diagnostics.delete(unit);
        else diagnostics.set(unit, found);
      },
    },
  };
}

/** A map that remembers which of its keys were touched. */
function tracked<V>() {
  const map = new Map<string, V>();
  let touched = new Set<string>();
  return {
    map,
    set(name: string, value: V | undefined): void {
      if (value === undefined ? !map.delete(name) : map.get(name) === value) return;
      if (value !== undefined) map.set(name, value);
      touched.add(name);
    },
    take(): ReadonlySet<string> {
      const taken = touched;
      touched = new Set();
      return taken;
    },
  };
}

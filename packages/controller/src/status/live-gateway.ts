import type { Holder, Verdict } from "@sluice/ads";
import type { Diagnostic } from "@sluice/model";
import { type Ingress, type ObjectKey, parseObjectKey, type ResourceRef, resourceKey } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { createLiveness, type IngressForm, type LiveNode, type Liveness } from "@sluice/status";
import type { Store } from "@sluice/store";
import { listenedKey, listensTo, parseListenedKey } from "@sluice/translate";
import type { StatusObserver } from "../gateway/control-plane.ts";
import type { ServedGateway } from "../gateway/gateways.ts";
import { quarantineDiagnostics } from "../gateway/isolation.ts";
import type { Rendering } from "../gateway/rendering.ts";

/** What comes together, as the answers of several nodes do, is looked at together. */
const DEBOUNCE_MS = 20;

export interface LiveGatewayOptions {
  readonly store: Store;
  /** The gateway, and the server of its nodes; undefined: it is not there yet, or not any more. */
  readonly gateway: () => Pick<ServedGateway, "controlPlane" | "definition"> | undefined;
  readonly holders: () => readonly Holder[];
  readonly diagnosed: (part: string, found: readonly Diagnostic[]) => void;
}

/** Follows which Ingresses of a control plane are live. Its hooks are there before the control plane is. */
export interface LiveGateway {
  readonly liveness: Liveness;
  /** For the control plane. */
  readonly observer: StatusObserver;
  serves(ingress: ObjectKey): boolean;
  isCurrent(): boolean;
  /** A node has accepted or refused a resource. */
  answered(verdict: Verdict): void;
  removed(key: string): void;
  nodesChanged(): void;
}

export function createLiveGateway({ store, gateway, holders, diagnosed }: LiveGatewayOptions): LiveGateway {
  const nodes = new WeakMap<Holder, LiveNode>();

  const ingressOf = (key: ObjectKey): Ingress | undefined => {
    const { kind, namespace, name } = parseObjectKey(key);
    return kind === "Ingress" ? store.get("Ingress", namespace, name) : undefined;
  };
  const serves = (key: ObjectKey): boolean => {
    const ingress = ingressOf(key);
    const listens = gateway()?.definition.listens;
    if (ingress === undefined || listens === undefined) return false;
    return listensTo(listens, parseListenedKey(listenedKey(ingress)), store);
  };
  const liveness = createLiveness({
    nodes: () => nodesOf(gateway()?.controlPlane.renderings() ?? [], holders(), nodes),
    form(key) {
      const ingress = ingressOf(key);
      return ingress !== undefined && serves(key)
        ? formOf(ingress, gateway()?.controlPlane.isolation.asideOf(key))
        : undefined;
    },
    isCurrent: () => gateway()?.controlPlane.isCurrent() ?? false,
    alsoNeeded,
    soon: (run) => void setTimeout(run, DEBOUNCE_MS).unref(),
  });
  const refreshQuarantine = (): void => {
    const controlPlane = gateway()?.controlPlane;
    diagnosed("isolation", controlPlane?.isolation.diagnostics() ?? []);
    for (const { name, world } of controlPlane?.renderings() ?? [])
      diagnosed(`quarantine ${name}`, world.quarantine().flatMap(quarantineDiagnostics));
  };
  let isRefreshing = false;
  const refreshSoon = (): void => {
    if (isRefreshing) return;
    isRefreshing = true;
    setTimeout(() => {
      isRefreshing = false;
      refreshQuarantine();
    }, DEBOUNCE_MS).unref();
  };

  return {
    liveness,
    observer: {
      rendered: liveness.rendered,
      dropped: liveness.dropped,
      diagnosed,
      setAside(keys) {
        liveness.changed(keys.filter((key) => key.startsWith("Ingress/")));
        refreshSoon();
      },
      changed(keys) {
        const all = keys.some((key) => DECIDES_CLASS.test(key)) ? store.keys("Ingress").current() : keys;
        // The keys of a store's kinds are object keys.
        liveness.changed([...all].filter((key) => key.startsWith("Ingress/")) as ObjectKey[]);
        refreshSoon();
      },
      settled: liveness.settled,
    },
    serves,
    isCurrent: () => gateway()?.controlPlane.isCurrent() ?? false,
    answered({ resource }) {
      liveness.answered(resourceKey(resource));
      refreshSoon();
    },
    removed: liveness.answered,
    nodesChanged: liveness.nodesChanged,
  };
}

/** Kinds whose change can change which Ingresses are served. */
const DECIDES_CLASS = /^(IngressClass|Namespace|MseIngressConfig)\//;

function formOf({ metadata }: Ingress, aside: { readonly words?: string } | undefined): IngressForm {
  const generation = metadata.generation ?? 0;
  return {
    generation,
    revision: metadata.revision ?? `${generation}`,
    ...(aside === undefined ? {} : { aside }),
  };
}

/** The nodes of this control plane; others of the same server have other worlds. */
function nodesOf(
  renderings: readonly Rendering[],
  holders: readonly Holder[],
  known: WeakMap<Holder, LiveNode>,
): readonly LiveNode[] {
  return holders.flatMap((holder) => {
    const rendering = renderings.find(({ world }) => world === holder.world);
    if (rendering === undefined) return [];
    const node = known.get(holder) ?? {
      name: holder.info.id,
      rendering: rendering.name,
      standing: holder.standing,
    };
    known.set(holder, node);
    return [node];
  });
}

const LISTENER = resourceKey({ typeUrl: TYPE_URLS.LISTENER, name: "https" });
const CHAIN_TABLE = "https/";

/** A virtual host of a certificate's table is reached through the filter chain of the certificate, which needs its Secret. */
function alsoNeeded({ typeUrl, name }: ResourceRef): readonly string[] {
  const table = name.slice(0, Math.max(0, name.lastIndexOf("/")));
  if (typeUrl !== TYPE_URLS.VIRTUAL_HOST || !table.startsWith(CHAIN_TABLE)) return [];
  return [LISTENER, resourceKey({ typeUrl: TYPE_URLS.SECRET, name: table.slice(CHAIN_TABLE.length) })];
}

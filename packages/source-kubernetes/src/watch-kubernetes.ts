import type { KubeConfig } from "@kubernetes/client-node";
import {
  type ApiTimeouts,
  type Clock,
  createKubeApi,
  createLimiter,
  systemClock,
} from "@sluice/kubernetes-api";
import type { Store } from "@sluice/store";
import { type Counters, createCounters } from "./counters.ts";
import { followDemand } from "./demand.ts";
import type { Environment } from "./environment.ts";
import { type Exceptions, followCollection } from "./follow-collection.ts";
import { createHealth, type KubernetesLog, type KubernetesStatus } from "./health.ts";
import type { Observe } from "./held.ts";
import { createInbox } from "./inbox.ts";
import { type Collection, collectionOf, isNamespaced, type SourcedKind } from "./resources.ts";

export interface WatchKubernetesOptions {
  /** Reads the kubeconfig; called again when its credentials have expired. What it throws at first is thrown on. */
  readonly kubeConfig: () => KubeConfig;
  readonly store: Store;
  /** Only objects of these namespaces; empty: of all. */
  readonly namespaces?: readonly string[];
  /** Only Ingresses with these labels; nothing else is selected by it. */
  readonly labelSelector?: string;
  readonly log?: KubernetesLog;
  readonly clock?: Clock;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
  readonly timeouts?: ApiTimeouts;
  /** Is shown Ingresses and Services whole, for what is not in the model: their status, and who wrote it. */
  readonly observe?: Observe;
  /**
   * Told up to which `resourceVersion` all Ingresses of a namespace (`""`: of all) have been observed. Kubernetes orders
   * the versions of one resource type as integers (KEP-5504).
   */
  readonly reached?: (namespace: string, version: string) => void;
}

/** A running source of objects from an API server. */
export interface KubernetesSource {
  /** How it stands with the API server; a recorded read. */
  status(): KubernetesStatus;
  readonly counters: Counters;
  /**
   * Whether readers of the store should wait a moment, because something that they read has just been asked for. Never
   * for longer than about two seconds after the last new wish.
   */
  isPending(): boolean;
  /** Calls the listener when {@link isPending} may have changed to false. */
  onAnswer(listener: () => void): void;
  /** Names of the collections whose first list has not come yet, sorted. */
  missing(): readonly string[];
  /** Stops watching; the objects stay in the store. Resolves when no request is under way any more. */
  close(): Promise<void>;
}

/** Kinds that are shown whole to who asks. */
const OBSERVED: ReadonlySet<SourcedKind> = new Set<SourcedKind>(["Ingress", "Service"]);

const SOURCE = "kubernetes";
const PATIENCE_MS = 2_000;
const MAX_LOOKUPS = 32;

const COLLECTIONS: readonly SourcedKind[] = [
  "Ingress",
  "IngressClass",
  "Service",
  "EndpointSlice",
  "Namespace",
  "MseIngressConfig",
];

/**
 * Fills the store from an API server and follows it until closed, whatever happens to the server or the connection: while
 * it is away, nothing in the store changes. The source counts as synced once the first list of every kind is in the store,
 * and every Secret and ConfigMap that is read because of them has been answered for.
 */
export function watchKubernetes(options: WatchKubernetesOptions): KubernetesSource {
  const { store, clock = systemClock, random = Math.random, namespaces = [] } = options;
  const api = createKubeApi(options.kubeConfig, options.timeouts);
  const source = store.registerSource(SOURCE);
  const counters = createCounters();
  const env: Environment = {
    api,
    clock,
    random,
    counters,
    health: createHealth(clock, options.log),
    limiter: createLimiter(MAX_LOOKUPS),
  };
  const inbox = createInbox(store, SOURCE);
  const end = new AbortController();
  const { signal } = end;
  const demand = followDemand({ env, store, inbox, signal, patienceMs: PATIENCE_MS });

  const collections = collectionsOf(namespaces, options.labelSelector);
  const missing = new Set(collections.map(({ name }) => name));
  const checkSynced = (): void => {
    if (missing.size === 0 && demand.isAnswered()) source.synced();
  };
  demand.onAnswer(checkSynced);
  const followers = collections.map((collection) =>
    followCollection(env, {
      collection,
      put: inbox.put,
      ...(options.observe !== undefined && OBSERVED.has(collection.kind) ? { observe: options.observe } : {}),
      ...(options.reached !== undefined && collection.kind === "Ingress"
        ? { reached: (version: string) => options.reached?.(collection.namespace ?? "", version) }
        : {}),
      mayBe: mayBe(collection.kind, namespaces.length > 0),
      onFirst() {
        missing.delete(collection.name);
        if (missing.size > 0) return;
        inbox.open();
        checkSynced();
      },
      signal,
    }),
  );

  return {
    status: env.health.status.get,
    counters,
    isPending: demand.isPending,
    onAnswer: demand.onAnswer,
    missing: () => [...missing].sort(),
    async close() {
      inbox.close();
      env.health.close();
      end.abort();
      await Promise.all(followers);
      await api.close();
    },
  };
}

function collectionsOf(namespaces: readonly string[], labelSelector: string | undefined): Collection[] {
  const wide = [...new Set(namespaces)].sort();
  return COLLECTIONS.flatMap((kind) => {
    const selected = kind === "Ingress" && labelSelector !== undefined ? { labelSelector } : {};
    if (!isNamespaced(kind) || wide.length === 0) return [collectionOf(kind, selected)];
    return wide.map((namespace) => collectionOf(kind, { ...selected, namespace }));
  });
}

/**
 * Which kinds the gateway can be without. A role in some namespaces only gives no access to kinds without a namespace; a
 * gateway of a whole cluster that may not see the classes would serve the wrong Ingresses, and so waits instead.
 */
function mayBe(kind: SourcedKind, isRestricted: boolean): Exceptions {
  if (kind === "MseIngressConfig") return { absent: true, refused: "at once" };
  if (kind === "Namespace") return { refused: "at once" };
  return isRestricted && kind === "IngressClass" ? { refused: "for good" } : {};
}

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { AdsServer } from "@sluice/ads";
import type { LeaderElection, LeaderStatus } from "@sluice/leader-election";
import { objectKey, parseObjectKey } from "@sluice/model";
import type { Observe } from "@sluice/source-kubernetes";
import type {
  PublishedAddress,
  PublishedGateway,
  ReportedGateway,
  Reporter,
  ServiceAddresses,
} from "@sluice/status";
import type { Store } from "@sluice/store";
import { ownNamespace } from "../config/own-namespace.ts";
import type { Settings } from "../config/settings.ts";
import type { Gateways } from "../gateway/gateways.ts";
import { withKubeConfig } from "../gateway/kubernetes-source.ts";
import type { Logger } from "../logging/logger.ts";
import { fleetService } from "./fleet-service.ts";
import { type ListeningNodes, listeningNodes } from "./listening.ts";
import { createLiveGateway, type LiveGateway } from "./live-gateway.ts";
import { startReplicas } from "./start-replicas.ts";

/** The part of a gateway that tells users what became of their Ingresses. */
export interface GatewayStatus {
  /** That of the gateway of this name, made when it is first asked for. */
  of(gateway: string): LiveGateway;
  nodesChanged(): void;
  /** A node has accepted or refused a listener. */
  listenersChanged(): void;
  /** For the source: it is shown Ingresses and Services whole. */
  readonly observe: Observe;
  /** For the source: up to which version all Ingresses of a namespace have been shown. */
  reached(namespace: string, version: string): void;
  /** To be called once there are both; nothing is said before. */
  attach(gateways: Pick<Gateways, "get" | "list">, ads: Pick<AdsServer, "holders">): void;
  /** Undefined: this process writes without asking, since it is the only one. */
  leader(): LeaderStatus | undefined;
  /** Calls the listener when this process has become the leader, and when it is no more. */
  onLeaderChange(listener: (isLeader: boolean) => void): void;
  /** The nodes of a gateway that are connected to other replicas. */
  peers(gateway: string): ListeningNodes;
  /** How many other replicas there are. */
  replicas(): number;
  /** Calls the listener when {@link peers} may say something else. */
  onPeersChange(listener: () => void): void;
  readonly measured: MeasuredStatus;
  /** Releases the Lease, and leaves on the objects what is there: another replica, or the next start, goes on from it. */
  close(): Promise<void>;
}

export interface MeasuredStatus {
  isLeader(): boolean;
  readonly reporter: Pick<Reporter, "counts" | "waiting">;
}

/** Kinds whose change can add gateways, or change what they serve. */
const DECIDES_GATEWAYS = /^(IngressClass|Namespace|MseIngressConfig)\//;

export const LEASE = "sluice-leader";
const POD_NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

export interface StartStatusOptions {
  readonly settings: Settings;
  readonly store: Store;
  readonly logger: Logger;
}

/** Starts the writing of status; nothing is written before this process leads and the gateway is attached. */
export async function startStatus({ settings, store, logger }: StartStatusOptions): Promise<GatewayStatus> {
  // Loaded when it is needed: the client has thousands of generated files, which cost a second.
  const { createKubeApi, systemClock } = await import("@sluice/kubernetes-api");
  const { createReporter, followServiceAddresses } = await import("@sluice/status");
  const { startLeaderElection } = await import("@sluice/leader-election");
  const api = await withKubeConfig(settings, (load) => createKubeApi(load));
  const shared = { api, clock: systemClock, random: Math.random };
  const instance = hostname();
  const identity = `${instance}_${crypto.randomUUID()}`;
  let attached:
    | { readonly gateways: Pick<Gateways, "get" | "list">; readonly ads: Pick<AdsServer, "holders"> }
    | undefined;
  const live = new Map<string, LiveGateway>();
  const liveGateway = (name: string): LiveGateway => {
    const known = live.get(name);
    if (known !== undefined) return known;
    const made = createLiveGateway({
      store,
      gateway: () => attached?.gateways.get(name),
      holders: () => attached?.ads.holders() ?? [],
      diagnosed: (part, found) => reporter.diagnosed(`${name} ${part}`, found),
    });
    made.liveness.onChange((keys) => {
      reporter.changed(keys);
      replicas?.publisher.changed(keys);
    });
    live.set(name, made);
    return made;
  };
  const fixed = settings.publishStatusAddress.map(addressOf);
  const services = new Map<string, ServiceAddresses>();
  const configOf = (gateway: string) =>
    store.graph.untracked(() => store.get("MseIngressConfig", "", gateway));
  /** The Service in front of a gateway: that of its fleet, or the one that the operator names. */
  const serviceOf = (gateway: string): ServiceAddresses | undefined => {
    const path = settings.managed
      ? `${ownNamespace(settings)}/${fleetService(configOf(gateway), gateway)}`
      : settings.publishService;
    if (path === undefined) return undefined;
    const known = services.get(path);
    if (known !== undefined) return known;
    const [namespace = "", name = ""] = path.split("/");
    const made = followServiceAddresses({
      ...shared,
      namespace,
      name,
      onChange: () => reporter.allChanged(),
      onError: (err) => logger.warn({ err, service: path }, "the Service to publish cannot be followed"),
    });
    services.set(path, made);
    return made;
  };
  const reported = (name: string): ReportedGateway & PublishedGateway => {
    const { liveness, serves, isCurrent } = liveGateway(name);
    return {
      name,
      liveness,
      serves,
      isCurrent,
      addresses: () => (fixed.length > 0 ? fixed : serviceOf(name)?.current()),
      listening() {
        const served = attached?.gateways.get(name);
        return served === undefined ? 0 : listeningNodes(served, attached?.ads.holders() ?? []).listening;
      },
    };
  };
  const gatewaysNow = () => (attached?.gateways.list() ?? []).map(({ name }) => reported(name));
  const fieldManager = fieldManagerOf(settings);
  const hasElection = settings.leaderElection ?? existsSync(POD_NAMESPACE_FILE);
  const replicas = hasElection
    ? await startReplicas({
        ...shared,
        settings,
        logger,
        group: fieldManager,
        identity,
        gateways: gatewaysNow,
        revisionOf(key) {
          const { namespace, name } = parseObjectKey(key);
          return store.get("Ingress", namespace, name)?.metadata.revision;
        },
      })
    : undefined;
  replicas?.peers.onChange((keys) => reporter.changed(keys));
  const reporter: Reporter = createReporter({
    ...shared,
    instance,
    fieldManager,
    ...(replicas === undefined ? {} : { peers: replicas.peers }),
    gateways: gatewaysNow,
    isReady: () => attached !== undefined && store.isSynced(),
    log: logger,
  });
  const stopFollowing = store.onApplied((_revision, keys) => {
    reporter.diagnosed("sources", store.diagnostics());
    // What the gateways make of it is known a moment later.
    if (keys.some((key) => DECIDES_GATEWAYS.test(key))) setTimeout(() => reporter.allChanged(), 500).unref();
  });
  let election: LeaderElection | undefined;
  let leaderListeners: readonly ((isLeader: boolean) => void)[] = [];

  return {
    of: liveGateway,
    nodesChanged() {
      for (const { nodesChanged } of live.values()) nodesChanged();
    },
    listenersChanged: () => replicas?.publisher.changed([]),
    observe(ref, item, seen) {
      if (ref.kind === "Ingress")
        replicas?.publisher.observe(objectKey(ref), item === undefined ? undefined : seen?.revision);
      reporter.observe(ref, item, seen);
    },
    reached: (namespace, version) => replicas?.publisher.reached(namespace, version),
    attach(gateways, ads) {
      attached = { gateways, ads };
      for (const { liveness } of live.values()) liveness.settled();
      if (!hasElection) {
        reporter.setLeader(true);
        return;
      }
      election = startLeaderElection({
        ...shared,
        namespace: ownNamespace(settings),
        name: LEASE,
        identity,
      });
      election.onChange((isLeader) => {
        logger.info(
          { lease: LEASE },
          isLeader ? "this replica leads: it writes status" : "this replica does not lead any more",
        );
        reporter.setLeader(isLeader);
        for (const listener of leaderListeners) listener(isLeader);
      });
    },
    onLeaderChange(listener) {
      leaderListeners = [...leaderListeners, listener];
    },
    peers: (gateway) => replicas?.peers.gateway(gateway) ?? { nodes: 0, listening: 0 },
    replicas: () => replicas?.peers.count() ?? 0,
    onPeersChange: (listener) => replicas?.peers.onGatewaysChange(listener),
    leader: () => election?.status(),
    // Who is to be elected does not lead before that: another replica may.
    measured: { isLeader: () => election?.isLeader() ?? !hasElection, reporter },
    async close() {
      stopFollowing();
      await reporter.close();
      await replicas?.close();
      await election?.close();
      await Promise.all([...services.values()].map((service) => service.close()));
      await api.close();
    },
  };
}

/** Two controllers with other classes must not take each other's writings for their own. */
function fieldManagerOf({ ingressClass, controllerName }: Settings): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([ingressClass, controllerName]))
    .digest("hex");
  return `sluice-status-${hash.slice(0, 8)}`;
}

function addressOf(text: string): PublishedAddress {
  return isIP(text) === 0 ? { hostname: text } : { ip: text };
}

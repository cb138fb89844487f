import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { AdsServer } from "@sluice/ads";
import type { RawObject } from "@sluice/kubernetes-objects";
import type { LeaderElection, LeaderStatus } from "@sluice/leader-election";
import type { ObjectRef } from "@sluice/model";
import type { PublishedAddress, ReportedGateway, Reporter, ServiceAddresses } from "@sluice/status";
import type { Store } from "@sluice/store";
import { ownNamespace } from "../config/own-namespace.ts";
import type { Settings } from "../config/settings.ts";
import type { Gateways } from "../gateway/gateways.ts";
import { withKubeConfig } from "../gateway/kubernetes-source.ts";
import type { Logger } from "../logging/logger.ts";
import { fleetService } from "./fleet-service.ts";
import { createLiveGateway, type LiveGateway } from "./live-gateway.ts";

/** The part of a gateway that tells users what became of their Ingresses. */
export interface GatewayStatus {
  /** That of the gateway of this name, made when it is first asked for. */
  of(gateway: string): LiveGateway;
  nodesChanged(): void;
  /** For the source: it is shown Ingresses and Services whole. */
  observe(ref: ObjectRef, item: RawObject | undefined): void;
  /** To be called once there are both; nothing is said before. */
  attach(gateways: Pick<Gateways, "get" | "list">, ads: Pick<AdsServer, "holders">): void;
  /** Undefined: this process writes without asking, since it is the only one. */
  leader(): LeaderStatus | undefined;
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
    made.liveness.onChange((keys) => reporter.changed(keys));
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
  const reported = (name: string, gateway: LiveGateway): ReportedGateway => ({
    name,
    liveness: gateway.liveness,
    serves: gateway.serves,
    isCurrent: gateway.isCurrent,
    addresses: () => (fixed.length > 0 ? fixed : serviceOf(name)?.current()),
  });
  const reporter: Reporter = createReporter({
    ...shared,
    instance,
    fieldManager: fieldManagerOf(settings),
    gateways: () => (attached?.gateways.list() ?? []).map(({ name }) => reported(name, liveGateway(name))),
    isReady: () => attached !== undefined && store.isSynced(),
    log: logger,
  });
  const stopFollowing = store.onApplied((_revision, keys) => {
    reporter.diagnosed("sources", store.diagnostics());
    // What the gateways make of it is known a moment later.
    if (keys.some((key) => DECIDES_GATEWAYS.test(key))) setTimeout(() => reporter.allChanged(), 500).unref();
  });
  let election: LeaderElection | undefined;

  return {
    of: liveGateway,
    nodesChanged() {
      for (const { nodesChanged } of live.values()) nodesChanged();
    },
    observe: reporter.observe,
    attach(gateways, ads) {
      attached = { gateways, ads };
      for (const { liveness } of live.values()) liveness.settled();
      if (!(settings.leaderElection ?? existsSync(POD_NAMESPACE_FILE))) {
        reporter.setLeader(true);
        return;
      }
      election = startLeaderElection({
        ...shared,
        namespace: ownNamespace(settings),
        name: LEASE,
        identity: `${instance}_${crypto.randomUUID()}`,
      });
      election.onChange((isLeader) => {
        logger.info(
          { lease: LEASE },
          isLeader ? "this replica leads: it writes status" : "this replica does not lead any more",
        );
        reporter.setLeader(isLeader);
      });
    },
    leader: () => election?.status(),
    measured: { isLeader: () => election?.isLeader() ?? true, reporter },
    async close() {
      stopFollowing();
      await reporter.close();
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

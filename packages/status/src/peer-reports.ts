import { type Clock, isStatus } from "@sluice/kubernetes-api";
import { isRawObject, type RawObject } from "@sluice/kubernetes-objects";
import type { ObjectKey } from "@sluice/model";
import { openWatch, persist } from "@sluice/source-kubernetes";
import { z } from "zod";
import { type AskedIngress, type Peer, type PeerStanding, standingOf } from "./peer-standing.ts";
import {
  EXPIRE_MS,
  GROUP_LABEL,
  leasesPath,
  RENEW_MS,
  type ReplicaLease,
  type ReplicaLeases,
  replicaLeaseOf,
  replicaOfLease,
} from "./replica-lease.ts";
import { createReplicaPods } from "./replica-pods.ts";
import type { GatewayReport, ReplicaReport } from "./replica-report.ts";

export interface PeerReportsOptions extends ReplicaLeases {
  readonly clock: Clock;
  readonly random: () => number;
  /** The Lease of this replica, which is left out. */
  readonly own: string;
  readonly onError: (error: unknown) => void;
}

/** What the other replicas say of their nodes. */
export interface PeerReports {
  /** Whether it is known which there are. */
  isSynced(): boolean;
  standings(asked: AskedIngress): readonly PeerStanding[];
  /** Nodes of a gateway, and how many of them have accepted every listener. */
  gateway(name: string): { readonly nodes: number; readonly listening: number };
  /** How many other replicas there are, silent ones included. */
  count(): number;
  /** Calls the listener with the Ingresses of which something else may be said; `all`: of any. */
  onChange(listener: (ingresses: readonly ObjectKey[] | "all") => void): void;
  /** Calls the listener when {@link gateway} may say something else. */
  onGatewaysChange(listener: () => void): void;
  close(): Promise<void>;
}

interface Known {
  readonly lease: ReplicaLease;
  /** When to look into it, if it does not change: by how long this process has seen it unchanged. */
  readonly lookAt: number;
  readonly state: "reporting" | "silent" | "gone";
}

/** How often it is looked whether a report has expired, milliseconds. */
const LOOK_MS = 1_000;
const BACKOFF = { firstMs: 200, maxMs: 5_000 };
const List = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(z.custom<RawObject>(isRawObject)).nullish(),
});

/**
 * Follows the reports of the other replicas until closed. One that is not renewed for 15 seconds, while this process could
 * have seen it, is looked into: if its Pod is ready, it is silent, and its nodes count as lacking everything; if not, it is
 * gone with its nodes.
 */
export function followPeerReports(options: PeerReportsOptions): PeerReports {
  const { api, clock, random, namespace, group, own } = options;
  const end = new AbortController();
  const { signal } = end;
  const known = new Map<string, Known>();
  /** Ingresses that wait for a replica to see them. */
  const behind = new Set<ObjectKey>();
  const pods = createReplicaPods(options);
  let version: string | undefined;
  let isSynced = false;
  let isWatching = false;
  let gatewayListeners: readonly (() => void)[] = [];
  let listeners: readonly ((ingresses: readonly ObjectKey[] | "all") => void)[] = [];

  const tell = (ingresses: readonly ObjectKey[] | "all"): void => {
    if (ingresses !== "all" && ingresses.length === 0) return;
    for (const listener of listeners) listener(ingresses);
  };
  const put = (name: string, next: Known | undefined): void => {
    const before = peerOf(known.get(name));
    if (next === undefined) known.delete(name);
    else known.set(name, next);
    const after = peerOf(next);
    if (isOtherGateway(before, after)) for (const listener of gatewayListeners) listener();
    const changes = changesOf(before, after);
    const woken = [...behind];
    behind.clear();
    tell(changes === "all" ? "all" : [...new Set([...changes, ...woken])]);
  };
  const learn = (raw: RawObject): void => {
    const lease = replicaLeaseOf(raw);
    if (lease.name === own) return;
    if (known.get(lease.name)?.lease.resourceVersion === lease.resourceVersion) return;
    put(lease.name, { lease, lookAt: clock.now() + EXPIRE_MS, state: "reporting" });
  };

  const list = async (): Promise<"again"> => {
    const query = { labelSelector: `${GROUP_LABEL}=${group}` };
    const { metadata, items } = List.parse(await api.json({ path: leasesPath(namespace), query, signal }));
    const names = new Set((items ?? []).map((item) => replicaLeaseOf(item).name));
    for (const item of items ?? []) learn(item);
    for (const name of [...known.keys()]) if (!names.has(name)) put(name, undefined);
    version = metadata.resourceVersion;
    if (!isSynced) {
      isSynced = true;
      tell("all");
    }
    return "again";
  };
  const watch = async (): Promise<"progress" | "nothing"> => {
    const query = { labelSelector: `${GROUP_LABEL}=${group}` };
    const request = { path: leasesPath(namespace), query, signal };
    let outcome: "progress" | "nothing" = "nothing";
    const events = await openWatch(api, request, version, random);
    // That nothing was seen meanwhile says nothing of anybody.
    for (const [name, each] of known)
      if (each.state === "reporting") known.set(name, { ...each, lookAt: clock.now() + EXPIRE_MS });
    isWatching = true;
    try {
      for await (const event of events) {
        version = event.version;
        outcome = "progress";
        if (event.type === "set") learn(event.object);
        if (event.type === "delete") put(replicaLeaseOf(event.object).name, undefined);
      }
    } finally {
      isWatching = false;
    }
    return outcome;
  };
  const step = async () => {
    try {
      return await (version === undefined ? list() : watch());
    } catch (error) {
      if (!isStatus(error, 410)) throw error;
      version = undefined;
      return "nothing" as const;
    }
  };
  const following = persist(step, {
    clock,
    random,
    backoff: BACKOFF,
    signal,
    wake: () => signal,
    onError: options.onError,
  });

  const expire = async (name: string, each: Known): Promise<void> => {
    const state = await pods.look(each.lease, signal);
    // It has been renewed meanwhile.
    if (known.get(name) !== each || signal.aborted) return;
    put(name, { ...each, state, lookAt: clock.now() + RENEW_MS });
  };
  const expireLoop = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal);
      const late = [...known].filter(([, { lookAt }]) => isWatching && clock.now() >= lookAt);
      await Promise.all(late.map(([name, each]) => expire(name, each)));
    }
  };
  const expiring = expireLoop();

  return {
    isSynced: () => isSynced,
    standings(asked) {
      const standings = [...known.values()].flatMap((each) => {
        const peer = peerOf(each);
        return peer === undefined ? [] : [standingOf(peer, asked)];
      });
      if (standings.some(({ isBehind }) => isBehind)) behind.add(asked.key);
      return standings;
    },
    gateway(name) {
      const found = [...known.values()].flatMap((each) => peerOf(each) ?? []);
      const of = (peer: Peer) => peer.report?.gateways[name];
      return {
        nodes: found.reduce((sum, peer) => sum + (of(peer)?.nodes ?? 0), 0),
        listening: found.reduce((sum, peer) => sum + (peer.isSilent ? 0 : (of(peer)?.listening ?? 0)), 0),
      };
    },
    count: () => [...known.values()].filter((each) => peerOf(each) !== undefined).length,
    onChange(listener) {
      listeners = [...listeners, listener];
    },
    onGatewaysChange(listener) {
      gatewayListeners = [...gatewayListeners, listener];
    },
    async close() {
      end.abort();
      await Promise.all([following, expiring]);
    },
  };
}

function peerOf(known: Known | undefined): Peer | undefined {
  if (known === undefined || known.state === "gone") return undefined;
  const { lease, state } = known;
  return {
    name: lease.pod?.name ?? replicaOfLease(lease.name),
    report: lease.report,
    isSilent: state === "silent",
  };
}

/** Ingresses of which the two say something else, but for their positions. */
function changesOf(before: Peer | undefined, next: Peer | undefined): readonly ObjectKey[] | "all" {
  const [one, other] = [before?.report, next?.report];
  const isOther =
    (before === undefined) !== (next === undefined) || (one === undefined) !== (other === undefined);
  if (isOther || before?.isSilent !== next?.isSilent) return "all";
  if (text(one, ({ nodes }) => nodes) !== text(other, ({ nodes }) => nodes)) return "all";
  if ((one?.more ?? 0) > 0 !== (other?.more ?? 0) > 0) return "all";
  const keys = new Set([...(one?.open.keys() ?? []), ...(other?.open.keys() ?? [])]);
  return [...keys].filter(
    (key) => JSON.stringify(one?.open.get(key)) !== JSON.stringify(other?.open.get(key)),
  );
}

function isOtherGateway(before: Peer | undefined, next: Peer | undefined): boolean {
  const [one, other] = [before, next].map((peer) => [
    peer?.isSilent ?? false,
    text(peer?.report, ({ nodes }) => nodes),
    text(peer?.report, ({ listening }) => listening),
  ]);
  return JSON.stringify(one) !== JSON.stringify(other);
}

/** Something of all gateways, to be compared. */
function text(report: ReplicaReport | undefined, of: (gateway: GatewayReport) => number): string {
  const entries = Object.entries(report?.gateways ?? {}).map(([name, gateway]) => [name, of(gateway)]);
  return JSON.stringify(entries.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
}

import { backoffMs, type Clock } from "@sluice/kubernetes-api";
import type { ObjectKey } from "@sluice/model";
import type { Liveness, LiveState } from "./liveness.ts";
import {
  leasesPath,
  RENEW_MS,
  type ReplicaLeases,
  type ReplicaPod,
  writeReplicaLease,
} from "./replica-lease.ts";
import { encodeReport, type GatewayReport, MAX_EXPLAINED, type OpenIngress } from "./replica-report.ts";

/** A gateway of this process, as its report tells of it. */
export interface PublishedGateway {
  readonly name: string;
  readonly liveness: Pick<Liveness, "state" | "missing" | "nodes">;
  /** Whether it serves the Ingress, as far as the objects say. */
  serves(ingress: ObjectKey): boolean;
  /** How many nodes have accepted every listener. */
  listening(): number;
}

export interface ReportPublisherOptions extends ReplicaLeases {
  readonly clock: Clock;
  readonly random: () => number;
  /** Of the Lease. */
  readonly name: string;
  /** Of this process. */
  readonly identity: string;
  readonly pod?: ReplicaPod;
  readonly gateways: () => readonly PublishedGateway[];
  /** The revision of the Ingress in the store, from which the gateways are made. */
  readonly revisionOf: (ingress: ObjectKey) => string | undefined;
  readonly onError: (error: unknown) => void;
}

/**
 * Writes what this replica knows of its nodes for the others. It speaks of everything that has been observed up to the
 * position that it names: what the gateways have not made yet is named as open. It is written when it changes, and else to
 * say that the replica lives.
 */
export interface ReportPublisher {
  /** To be shown each Ingress, before the position that includes it; undefined: it is gone. */
  observe(ingress: ObjectKey, revision: string | undefined): void;
  /** All Ingresses of a namespace (`""`: all) up to this version have been observed. */
  reached(namespace: string, version: string): void;
  /** The state of these Ingresses has changed, or that of the nodes. */
  changed(ingresses: Iterable<ObjectKey>): void;
  /** Takes the report back. */
  close(): Promise<void>;
}

/** What comes together is written together. */
const DEBOUNCE_MS = 300;
/** Between reports that tell of nothing but a new position. */
const MOVED_MS = 1_000;
const BACKOFF = { firstMs: 500, maxMs: RENEW_MS };
/** How long `close` waits for the API server. */
const WITHDRAW_MS = 2_000;

export function startReportPublisher(options: ReportPublisherOptions): ReportPublisher {
  const { clock, random } = options;
  const end = new AbortController();
  const openIngresses = createOpenIngresses(options);
  const positions: Record<string, string> = {};
  let isDirty = true;
  let isMoved = false;
  let wake = new AbortController();
  let written: { readonly text: string; readonly at: number } | undefined;
  let failures = 0;

  const touch = (): void => {
    if (isDirty) return;
    isDirty = true;
    wake.abort();
  };
  const build = (): string => {
    const { open, unsettled } = openIngresses.examine();
    // Nobody tells when an object that has no effect has reached the store.
    if (unsettled > 0) isMoved = true;
    const gateways = options.gateways().map((gateway) => [gateway.name, reportOf(gateway)] as const);
    return encodeReport({ gateways: Object.fromEntries(gateways), positions, open, more: 0 });
  };
  const write = async (): Promise<void> => {
    isDirty = false;
    isMoved = false;
    const text = build();
    const at = clock.now();
    if (written?.text === text && at - written.at < RENEW_MS) return;
    try {
      await writeReplicaLease(options, options, { report: text, at, signal: end.signal });
      written = { text, at };
      failures = 0;
    } catch (error) {
      if (end.signal.aborted) return;
      options.onError(error);
      isDirty = true;
      await clock.sleep(backoffMs(failures++, BACKOFF, random), end.signal);
    }
  };
  const delay = (): number => {
    if (isDirty) return DEBOUNCE_MS;
    const age = clock.now() - (written?.at ?? 0);
    return Math.max(DEBOUNCE_MS, (isMoved ? MOVED_MS : RENEW_MS) - age);
  };
  const publish = async (): Promise<void> => {
    while (!end.signal.aborted) {
      wake = new AbortController();
      await clock.sleep(delay(), AbortSignal.any([end.signal, wake.signal]));
      // There is another reason to write, which may have to wait for another time.
      if (!wake.signal.aborted && !end.signal.aborted) await write();
    }
  };
  const publishing = publish();

  return {
    observe(ingress, revision) {
      if (openIngresses.observe(ingress, revision)) touch();
    },
    reached(namespace, version) {
      positions[namespace] = version;
      if (isDirty || isMoved) return;
      isMoved = true;
      wake.abort();
    },
    changed(ingresses) {
      openIngresses.changed(ingresses);
      touch();
    },
    async close() {
      end.abort();
      await publishing;
      const { api, namespace, name } = options;
      const path = `${leasesPath(namespace)}/${encodeURIComponent(name)}`;
      const signal = AbortSignal.timeout(WITHDRAW_MS);
      // One that stays expires.
      if (written !== undefined) await api.write({ method: "DELETE", path, signal }).catch(() => {});
    },
  };
}

function reportOf({ liveness, listening }: PublishedGateway): GatewayReport {
  const names = liveness.nodes();
  return { nodes: names.length, names, listening: listening() };
}

type OpenOptions = Pick<ReportPublisherOptions, "gateways" | "revisionOf">;

/** Ingresses of which it has yet to be seen, or is known, that not all nodes have them. */
function createOpenIngresses({ gateways, revisionOf }: OpenOptions) {
  /** With the revision that was observed and may not be in the store yet; undefined: the one in the store is meant. */
  const candidates = new Map<ObjectKey, string | undefined>();

  const judge = (key: ObjectKey, revision: string): OpenIngress | "unsettled" | "fine" => {
    if (revisionOf(key) !== revision) return "unsettled";
    const serving = gateways().filter((gateway) => gateway.serves(key));
    const states = serving.map(({ liveness }) => liveness.state(key));
    const known = states.filter((state): state is LiveState => state?.revision === revision);
    if (known.length < states.length) return "unsettled";
    if (known.every(({ accepted, nodes }) => accepted === nodes)) return "fine";
    return {
      revision,
      accepted: sum(known, "accepted"),
      refused: sum(known, "refused"),
      missing: [],
    };
  };
  const missingOf = (key: ObjectKey) =>
    gateways().flatMap((gateway) => (gateway.serves(key) ? gateway.liveness.missing(key) : []));

  return {
    /** True if it is news: not for a form that is in the store already, as after a change of its status. */
    observe(key: ObjectKey, revision: string | undefined): boolean {
      if (revision === undefined) return candidates.delete(key);
      if (!candidates.has(key) && revisionOf(key) === revision) return false;
      candidates.set(key, revision);
      return true;
    },
    changed(keys: Iterable<ObjectKey>): void {
      for (const key of keys) if (!candidates.has(key)) candidates.set(key, undefined);
    },
    examine(): { readonly open: ReadonlyMap<ObjectKey, OpenIngress>; readonly unsettled: number } {
      const open = new Map<ObjectKey, OpenIngress>();
      let unsettled = 0;
      for (const [key, observed] of candidates) {
        const revision = observed ?? revisionOf(key);
        const found = revision === undefined ? "fine" : judge(key, revision);
        if (revision === undefined || found === "fine") candidates.delete(key);
        else if (found === "unsettled") {
          unsettled++;
          open.set(key, { revision, accepted: 0, refused: 0, missing: [] });
        } else {
          const missing = open.size < MAX_EXPLAINED || found.refused > 0 ? missingOf(key) : [];
          open.set(key, { ...found, missing });
        }
      }
      return { open, unsettled };
    },
  };
}

function sum(states: readonly LiveState[], field: "accepted" | "refused"): number {
  return states.reduce((all, state) => all + state[field], 0);
}

import {
  type Clock,
  describeError,
  isRefusal,
  isStatus,
  type KubeApi,
  MERGE_PATCH,
} from "@sluice/kubernetes-api";
import { isRawObject, type RawObject } from "@sluice/kubernetes-objects";
import { type Diagnostic, type ObjectKey, type ObjectRef, objectKey, parseObjectKey } from "@sluice/model";
import { createAnnouncer, PATIENCE_MS } from "./announcer.ts";
import { patchFor } from "./desired.ts";
import type { EventText } from "./event-text.ts";
import { createEvents, type Regarding } from "./events.ts";
import type { IngressFacts } from "./facts.ts";
import { createFindingTeller } from "./finding-teller.ts";
import { createKnownIngresses, type LearnedFrom } from "./known-ingresses.ts";
import { whyNotLive } from "./live-events.ts";
import { type Merged, mergedState, type ReportedGateway } from "./merged-state.ts";
import type { PeerReports } from "./peer-reports.ts";
import { createWorkQueue, type Result } from "./work-queue.ts";

export interface ReporterOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  /** The name of this process in Events. */
  readonly instance: string;
  /** Under which fields are written; another for each controller that may write on the same objects. */
  readonly fieldManager: string;
  readonly gateways: () => readonly ReportedGateway[];
  /** Whether the gateways are those that there are to be. */
  readonly isReady: () => boolean;
  /** The nodes of other replicas; absent: there are none. */
  readonly peers?: Pick<PeerReports, "isSynced" | "standings">;
  readonly log: ReporterLog;
}

export interface ReporterLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Tells users what has become of their Ingresses: annotations, addresses and Events. Writes only while it leads. */
export interface Reporter {
  /** To be shown each Ingress and Service of the API server, and that they are gone. */
  observe(ref: ObjectRef, item: RawObject | undefined, from?: LearnedFrom): void;
  /** Replaces what a part of the gateway has to say. */
  diagnosed(part: string, found: readonly Diagnostic[]): void;
  /** The state of these Ingresses has changed. */
  changed(ingresses: Iterable<ObjectKey> | "all"): void;
  /** Addresses, or which gateways there are, have changed. */
  allChanged(): void;
  setLeader(isLeader: boolean): void;
  readonly counts: ReporterCounts;
  /** What waits to be written. */
  readonly waiting: number;
  close(): Promise<void>;
}

/** Since the start; for metrics. */
export interface ReporterCounts {
  patches: number;
  failures: number;
  readonly events: () => number;
}

/** Requests a second for status: 10,000 Ingresses are told of a first state within nine minutes, changed ones first. */
const PER_SECOND = 20;
const BURST = 40;
/** How long a change may be on its way before "on 0 of 2" is written for it; copies of little urgency take two seconds. */
const FLIGHT_MS = 3_000;
/** When to look again where nothing can be said yet. */
const RETRY_MS = 1_000;
/** How long changes wait that nobody is likely to be waiting for: nodes come and go in groups. */
const SETTLE_MS = 3_000;

const DONE: Result = { wrote: false };
const again = (againMs: number): Result => ({ wrote: false, againMs });

export function createReporter(options: ReporterOptions): Reporter {
  const { api, clock, random, log, peers } = options;
  const end = new AbortController();
  const ingresses = createKnownIngresses(options.fieldManager);
  const services = new Map<ObjectKey, string>();
  const ours = new Set<ObjectKey>();
  const foreignNoted = new Set<ObjectKey>();
  const refusedBefore = new Set<string>();

  const warnOnce = (what: string, error: unknown): void => {
    counts.failures++;
    const reason = describeError(error);
    if (refusedBefore.has(`${what} ${reason}`)) return;
    refusedBefore.add(`${what} ${reason}`);
    log.warn({ what, reason }, "status cannot be written");
  };
  const events = createEvents({
    api,
    clock,
    random,
    instance: options.instance,
    onError: (error) => warnOnce("Events", error),
  });
  const counts: ReporterCounts = { patches: 0, failures: 0, events: () => events.told };
  const regarding = (key: ObjectKey): Regarding | undefined => {
    const ref = parseObjectKey(key);
    const uid = ref.kind === "Ingress" ? ingresses.get(key)?.uid : services.get(key);
    if (uid === undefined) return undefined;
    return { ref, uid, apiVersion: ref.kind === "Ingress" ? "networking.k8s.io/v1" : "v1" };
  };
  const announcer = createAnnouncer(clock, events);
  const findings = createFindingTeller({ clock, events, regarding, signal: end.signal });

  const stateOf = (key: ObjectKey): Merged | "unknown" | undefined => {
    const known = ingresses.get(key);
    return known && mergedState(key, known, options.gateways(), peers);
  };
  const isReady = (): boolean =>
    options.isReady() &&
    (peers?.isSynced() ?? true) &&
    options.gateways().every((gateway) => gateway.isCurrent());

  const noteForeign = (key: ObjectKey, { addressManager }: IngressFacts): void => {
    const about = regarding(key);
    if (about === undefined || foreignNoted.has(key)) return;
    foreignNoted.add(key);
    events.tell(about, foreignAddress(addressManager));
  };

  const work = async (id: string, signal: AbortSignal): Promise<Result> => {
    // The keys of this queue are object keys.
    const key = id as ObjectKey;
    const known = ingresses.get(key);
    const about = regarding(key);
    if (known === undefined || about === undefined) return DONE;
    if (!isReady()) return again(RETRY_MS);
    const state = stateOf(key);
    if (state === "unknown") return again(RETRY_MS);
    let againMs: number | undefined;
    if (state !== undefined) {
      ours.add(key);
      const left = flightLeft(state, announcer.age(key, state));
      if (left > 0) return again(left);
      againMs = announcer.announce(key, about, state, known);
    }
    const addresses = state?.addresses;
    if (addresses !== undefined && addresses.length > 0 && !known.mayPublish) noteForeign(key, known);
    const patch = patchFor(known, {
      ...(state === undefined ? {} : { live: state }),
      ...(state === undefined || isLive(state) ? {} : { reason: whyNotLive(state, state.missing()) }),
      ...(addresses === undefined ? {} : { addresses }),
      wasOurs: ours.has(key) || known.isAnnotated,
    });
    if (patch !== undefined) await write(key, patch, signal);
    if (state === undefined) ours.delete(key);
    return { wrote: patch !== undefined, againMs };
  };
  const write = async (key: ObjectKey, patch: object, signal: AbortSignal): Promise<void> => {
    const { namespace, name } = parseObjectKey(key);
    const path = `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/ingresses/${encodeURIComponent(name)}/status`;
    try {
      counts.patches++;
      const answer = await api.write({
        method: "PATCH",
        path,
        query: { fieldManager: options.fieldManager },
        contentType: MERGE_PATCH,
        body: patch,
        signal,
      });
      if (isRawObject(answer)) learn(key, answer);
    } catch (error) {
      // It is gone, or another of its name is there: the watch will tell.
      if (isStatus(error, 404) || isStatus(error, 422)) return;
      if (!isRefusal(error)) throw error;
      warnOnce("status", error);
    }
  };
  const queue = createWorkQueue({
    clock,
    random,
    perSecond: PER_SECOND,
    burst: BURST,
    parallel: 8,
    work,
    onError: (_key, error) => warnOnce("status", error),
  });

  /** Takes in what is newer than what is known; true if it is. */
  const learn = (key: ObjectKey, item: RawObject, from?: LearnedFrom): boolean => {
    const isKnown = ingresses.get(key) !== undefined;
    const outcome = ingresses.learn(key, item, from);
    if (outcome === "other") {
      if (isKnown) forgetTold(key);
      findings.appeared(key);
    }
    return outcome !== "older";
  };
  const forgetTold = (key: ObjectKey): void => {
    announcer.forget(key);
    findings.forget(key);
    foreignNoted.delete(key);
  };

  const settling = new Set<ObjectKey>();
  const settle = (key: ObjectKey): void => {
    settling.add(key);
    if (settling.size > 1) return;
    void clock.sleep(SETTLE_MS, end.signal).then(() => {
      for (const each of settling) queue.add(each, "later");
      settling.clear();
    });
  };
  const observeService = (key: ObjectKey, item: RawObject | undefined): void => {
    const uid = item && isRawObject(item.metadata) ? item.metadata.uid : undefined;
    if (typeof uid === "string") services.set(key, uid);
    else services.delete(key);
  };
  const allChanged = (): void => {
    for (const key of ingresses.keys()) queue.add(key, "later");
  };

  return {
    observe(ref, item, from) {
      const key = objectKey(ref);
      if (ref.kind === "Service") observeService(key, item);
      else if (item === undefined) {
        ingresses.delete(key);
        ours.delete(key);
        forgetTold(key);
      } else if (learn(key, item, from)) queue.add(key, "later");
    },
    diagnosed: findings.diagnosed,
    changed(keys) {
      for (const key of keys === "all" ? ingresses.keys() : keys) {
        const state = stateOf(key);
        const known = ingresses.get(key);
        const isOld =
          typeof state === "object" && known !== undefined && announcer.isAnnounced(key, state, known);
        if (isOld) settle(key);
        else queue.add(key, keys === "all" ? "later" : "soon");
      }
    },
    allChanged,
    setLeader(isLeader) {
      queue.setOn(isLeader);
      events.setOn(isLeader);
      if (isLeader) allChanged();
    },
    counts,
    get waiting() {
      return queue.size;
    },
    async close() {
      end.abort();
      await Promise.all([queue.close(), events.close()]);
    },
  };
}

function isLive({ accepted, nodes }: Merged): boolean {
  return nodes > 0 && accepted === nodes;
}

/** How much longer to say nothing new, milliseconds. After a restart the nodes come back one by one. */
function flightLeft(state: Merged, age: number): number {
  if (isLive(state) || (state.nodes > 0 && state.refused > 0)) return 0;
  return (state.nodes === 0 ? PATIENCE_MS : FLIGHT_MS) - age;
}

function foreignAddress(addressManager: string): EventText {
  const who = addressManager === "" ? "somebody else" : addressManager;
  return {
    type: "Warning",
    reason: "AddressNotPublished",
    note: `The status has addresses written by ${who}: that of this gateway is not added. Clear status.loadBalancer if nobody else serves this Ingress.`,
  };
}

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
import { patchFor, saysLive } from "./desired.ts";
import { createDiagnosticBook, diagnosticId } from "./diagnostic-book.ts";
import { diagnosticText, type EventText } from "./event-text.ts";
import { createEvents, type Regarding } from "./events.ts";
import { type IngressFacts, ingressFacts, isOlder, type PublishedAddress } from "./facts.ts";
import { liveEvent, notLiveEvent } from "./live-events.ts";
import type { Liveness, LiveState, Missing } from "./liveness.ts";
import { createWorkQueue, type Result } from "./work-queue.ts";

/** A gateway of this process. */
export interface ReportedGateway {
  readonly name: string;
  readonly liveness: Liveness;
  /** Whether it serves the Ingress, as far as the objects say. */
  serves(ingress: ObjectKey): boolean;
  /** Whether everything that is known has been rendered. */
  isCurrent(): boolean;
  /** Where it can be reached; undefined: it is not known. */
  addresses(): readonly PublishedAddress[] | undefined;
}

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
  readonly log: ReporterLog;
}

export interface ReporterLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Tells users what has become of their Ingresses: annotations, addresses and Events. Writes only while it leads. */
export interface Reporter {
  /** To be shown each Ingress and Service of the API server, and that they are gone. */
  observe(ref: ObjectRef, item: RawObject | undefined): void;
  /** Replaces what a part of the gateway has to say. */
  diagnosed(part: string, found: readonly Diagnostic[]): void;
  /** The state of these Ingresses has changed. */
  changed(ingresses: Iterable<ObjectKey>): void;
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
/** How long it may be before an Event says which node has not answered. */
const PATIENCE_MS = 10_000;
/** Findings that go as soon as they come are not told. */
const FINDING_DELAY_MS = 500;

/** How long changes wait that nobody is likely to be waiting for: nodes come and go in groups. */
const SETTLE_MS = 3_000;

const DONE: Result = { wrote: false };
const again = (againMs: number): Result => ({ wrote: false, againMs });

interface Merged extends LiveState {
  readonly gateways: readonly ReportedGateway[];
}

export function createReporter(options: ReporterOptions): Reporter {
  const { api, clock, random, log } = options;
  const end = new AbortController();
  const facts = new Map<ObjectKey, IngressFacts>();
  const services = new Map<ObjectKey, string>();
  const ours = new Set<ObjectKey>();
  /** Since when each Ingress is on its way to this revision. */
  const since = new Map<ObjectKey, { readonly revision: string; readonly at: number }>();
  const announced = new Map<ObjectKey, string>();
  const complaints = new Map<ObjectKey, EventText>();
  const book = createDiagnosticBook();
  const toldOf = new Map<ObjectKey, Map<string, EventText>>();
  const everTold = new Map<ObjectKey, Set<string>>();
  const refusedBefore = new Set<string>();
  let findingsScheduled = false;

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
    const uid = ref.kind === "Ingress" ? facts.get(key)?.uid : services.get(key);
    if (uid === undefined) return undefined;
    return { ref, uid, apiVersion: ref.kind === "Ingress" ? "networking.k8s.io/v1" : "v1" };
  };

  const merged = (key: ObjectKey): Merged | "unknown" | undefined => {
    const gateways = options.gateways().filter((gateway) => gateway.serves(key));
    if (gateways.length === 0) return undefined;
    const states = gateways.map(({ liveness }) => liveness.state(key)).filter((state) => state !== undefined);
    const [first] = states;
    if (first === undefined || states.length < gateways.length) return "unknown";
    if (states.some(({ revision }) => revision !== first.revision)) return "unknown";
    const sum = (of: (state: LiveState) => number): number =>
      states.reduce((all, state) => all + of(state), 0);
    return {
      ...first,
      nodes: sum(({ nodes }) => nodes),
      accepted: sum(({ accepted }) => accepted),
      refused: sum(({ refused }) => refused),
      gateways,
    };
  };
  const addressesOf = ({ gateways }: Merged): readonly PublishedAddress[] | undefined => {
    const lists = gateways.map((gateway) => gateway.addresses());
    const known = lists.filter((list) => list !== undefined);
    if (known.length === 0 || known.length < lists.length) return undefined;
    return distinct(known.flat());
  };
  const missingOf = (key: ObjectKey, { gateways }: Merged): readonly Missing[] =>
    gateways.flatMap(({ liveness }) => liveness.missing(key));
  const ageOf = (key: ObjectKey, { revision }: LiveState): number => {
    const known = since.get(key);
    if (known?.revision === revision) return clock.now() - known.at;
    since.set(key, { revision, at: clock.now() });
    return 0;
  };

  const isAnnounced = (key: ObjectKey, { revision }: LiveState, known: IngressFacts): boolean =>
    announced.get(key) === revision || saysLive(known, revision);

  /** Says that it is live, or why it is not. Returns when to look again, if that is to be. */
  const announce = (key: ObjectKey, state: Merged, before: IngressFacts): number | undefined => {
    const about = regarding(key);
    if (about === undefined) return undefined;
    const old = complaints.get(key);
    const isLive = state.accepted === state.nodes && state.nodes > 0;
    if (isLive) {
      if (old !== undefined) events.withdraw(about, old);
      complaints.delete(key);
      if (!isAnnounced(key, state, before)) events.tell(about, liveEvent(state));
      announced.set(key, state.revision);
      return undefined;
    }
    // A node that comes and takes its time is no news about each Ingress.
    if (state.refused === 0 && isAnnounced(key, state, before)) return undefined;
    const age = ageOf(key, state);
    if (state.refused === 0 && age < PATIENCE_MS) return PATIENCE_MS - age;
    const text = notLiveEvent(state, missingOf(key, state));
    if (old?.note !== text.note) {
      if (old !== undefined) events.withdraw(about, old);
      complaints.set(key, text);
      events.tell(about, text);
    }
    return undefined;
  };

  const noteForeign = (key: ObjectKey, { addressManager }: IngressFacts): void => {
    const about = regarding(key);
    if (about === undefined) return;
    const who = addressManager === "" ? "somebody else" : addressManager;
    const text: EventText = {
      type: "Warning",
      reason: "AddressNotPublished",
      note: `The status has addresses written by ${who}: that of this gateway is not added. Clear status.loadBalancer if nobody else serves this Ingress.`,
    };
    tellOnce(key, "foreign address", about, text);
  };
  const tellOnce = (key: ObjectKey, id: string, about: Regarding, text: EventText): void => {
    const told = everTold.get(key) ?? new Set();
    everTold.set(key, told);
    if (told.has(id)) return;
    told.add(id);
    events.tell(about, text);
  };

  const work = async (id: string, signal: AbortSignal): Promise<Result> => {
    // The keys of this queue are object keys.
    const key = id as ObjectKey;
    const known = facts.get(key);
    if (known === undefined) return DONE;
    const isCurrent = options.isReady() && options.gateways().every((gateway) => gateway.isCurrent());
    if (!isCurrent) return again(RETRY_MS);
    const state = merged(key);
    if (state === "unknown") return again(RETRY_MS);
    let againMs: number | undefined;
    if (state !== undefined) {
      ours.add(key);
      const isSettled = state.nodes > 0 && (state.accepted === state.nodes || state.refused > 0);
      // After a restart the nodes come back one by one.
      const left = (state.nodes === 0 ? PATIENCE_MS : FLIGHT_MS) - ageOf(key, state);
      if (!isSettled && left > 0) return again(left);
      againMs = announce(key, state, known);
    }
    const addresses = state === undefined ? undefined : addressesOf(state);
    if (addresses !== undefined && addresses.length > 0 && !known.mayPublish) noteForeign(key, known);
    const patch = patchFor(known, {
      ...(state === undefined ? {} : { live: state }),
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
  const learn = (key: ObjectKey, item: RawObject): boolean => {
    const found = ingressFacts(item, options.fieldManager);
    const known = facts.get(key);
    if (found === undefined || (known !== undefined && isOlder(found, known))) return false;
    facts.set(key, found);
    if (known?.uid === found.uid) return true;
    if (known !== undefined) forgetTold(key);
    book.touch(key);
    scheduleFindings();
    return true;
  };
  const forgetTold = (key: ObjectKey): void => {
    for (const map of [since, announced, complaints, everTold, toldOf]) map.delete(key);
  };

  const tellFindings = (): void => {
    findingsScheduled = false;
    for (const key of book.takeChanged()) {
      const about = regarding(key);
      if (about === undefined) continue;
      const before = toldOf.get(key) ?? new Map<string, EventText>();
      const now = new Map(book.of(key).map((each) => [diagnosticId(each), diagnosticText(each)]));
      const ever = everTold.get(key) ?? new Set<string>();
      everTold.set(key, ever);
      for (const [id, text] of before) if (!now.has(id)) events.withdraw(about, text);
      for (const [id, text] of now) {
        if (before.has(id)) continue;
        events.tell(about, text, ever.has(id));
        ever.add(id);
      }
      if (now.size === 0) toldOf.delete(key);
      else toldOf.set(key, now);
    }
  };
  const scheduleFindings = (): void => {
    if (findingsScheduled) return;
    findingsScheduled = true;
    void clock.sleep(FINDING_DELAY_MS, end.signal).then(() => {
      if (!end.signal.aborted) tellFindings();
    });
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

  return {
    observe(ref, item) {
      const key = objectKey(ref);
      if (ref.kind === "Service") {
        const uid = item && isRawObject(item.metadata) ? item.metadata.uid : undefined;
        if (typeof uid === "string") services.set(key, uid);
        else services.delete(key);
      } else if (item === undefined) {
        facts.delete(key);
        ours.delete(key);
        forgetTold(key);
      } else if (learn(key, item)) queue.add(key, "later");
    },
    diagnosed(part, found) {
      book.set(part, found);
      scheduleFindings();
    },
    changed(ingresses) {
      for (const key of ingresses) {
        const state = merged(key);
        const known = facts.get(key);
        const isOld = typeof state === "object" && known !== undefined && isAnnounced(key, state, known);
        if (isOld) settle(key);
        else queue.add(key, "soon");
      }
    },
    allChanged() {
      for (const key of facts.keys()) queue.add(key, "later");
    },
    setLeader(isLeader) {
      queue.setOn(isLeader);
      events.setOn(isLeader);
      if (isLeader) this.allChanged();
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

function distinct(addresses: readonly PublishedAddress[]): readonly PublishedAddress[] {
  return [...new Map(addresses.map((each) => [`${each.ip ?? ""} ${each.hostname ?? ""}`, each])).values()];
}

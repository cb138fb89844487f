import { type Clock, isRefusal, isStatus, type KubeApi } from "@sluice/kubernetes-api";
import { type ObjectRef, objectKey } from "@sluice/model";
import { type EventText, eventName } from "./event-text.ts";
import { createWorkQueue, type Result } from "./work-queue.ts";

/** The object that an Event is about. */
export interface Regarding {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly apiVersion: string;
}

export interface EventsOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  /** Which process says it: the name of its pod. */
  readonly instance: string;
  readonly onError: (error: unknown) => void;
}

/** Events of `events.k8s.io/v1`, as `kubectl describe` shows them. */
export interface Events {
  /**
   * Says it, once, not at once: at most 25 times for an object and then once in five minutes, as client-go does; what has
   * to wait is not lost. `again`: it was said before, and is news: its count grows.
   */
  tell(regarding: Regarding, text: EventText, again?: boolean): void;
  /** It is no longer so; if it has not been said yet, it is not said. */
  withdraw(regarding: Regarding, text: EventText): void;
  /** Only the leader tells; what a follower is given waits. */
  setOn(isOn: boolean): void;
  readonly told: number;
  close(): Promise<void>;
}

const PER_OBJECT = 25;
const REFILL_MS = 300_000;
const PER_SECOND = 10;
const BURST = 50;
const CONTROLLER = "sluice.dev/controller";

interface Pending {
  readonly regarding: Regarding;
  readonly text: EventText;
  readonly again: boolean;
}

export function createEvents({ api, clock, random, instance, onError }: EventsOptions): Events {
  const pending = new Map<string, Pending>();
  /** How often each was said by this process, by name. */
  const counts = new Map<string, number>();
  const buckets = createBuckets(clock);
  let told = 0;

  const create = (name: string, { regarding, text }: Pending, signal: AbortSignal): Promise<unknown> => {
    const { ref, uid, apiVersion } = regarding;
    const namespace = namespaceOf(ref);
    return api.write({
      method: "POST",
      path: pathOf(namespace),
      signal,
      body: {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { name, namespace },
        eventTime: microTime(clock.now()),
        reportingController: CONTROLLER,
        reportingInstance: instance.slice(0, 128),
        action: "Reconcile",
        ...text,
        regarding: { apiVersion, kind: ref.kind, namespace: ref.namespace, name: ref.name, uid },
      },
    });
  };
  const count = async (name: string, { regarding }: Pending, signal: AbortSignal): Promise<void> => {
    const times = Math.max(2, counts.get(name) ?? 2);
    await api.write({
      method: "PATCH",
      path: `${pathOf(namespaceOf(regarding.ref))}/${encodeURIComponent(name)}`,
      contentType: "application/merge-patch+json",
      body: { series: { count: times, lastObservedTime: microTime(clock.now()) } },
      signal,
    });
  };
  const say = async (name: string, event: Pending, signal: AbortSignal): Promise<void> => {
    try {
      await create(name, event, signal);
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      // Somebody has said it before: another replica, or this one if it is said again.
      if (event.again) await count(name, event, signal);
    }
  };
  const work = async (id: string, signal: AbortSignal): Promise<Result> => {
    const event = pending.get(id);
    if (event === undefined) return { wrote: false };
    const wait = buckets.take(objectKey(event.regarding.ref));
    if (wait > 0) return { wrote: false, againMs: wait };
    const name = nameOf(event);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    try {
      await say(name, event, signal);
      told++;
    } catch (error) {
      // A namespace that is on its way out, or no permission: it would be refused again.
      if (!isRefusal(error)) throw error;
      onError(error);
    }
    if (pending.get(id) === event) pending.delete(id);
    return { wrote: true };
  };
  const queue = createWorkQueue({
    clock,
    random,
    perSecond: PER_SECOND,
    burst: BURST,
    parallel: 4,
    work,
    onError: (_id, error) => onError(error),
  });

  return {
    tell(regarding, text, again = false) {
      const id = idOf(regarding, text);
      pending.set(id, { regarding, text, again: again || (pending.get(id)?.again ?? false) });
      queue.add(id, text.type === "Warning" ? "soon" : "later");
    },
    withdraw(regarding, text) {
      pending.delete(idOf(regarding, text));
    },
    setOn: queue.setOn,
    get told() {
      return told;
    },
    close: queue.close,
  };
}

function idOf({ ref, uid }: Regarding, text: EventText): string {
  return `${objectKey(ref)} ${eventName(ref.name, uid, text)}`;
}

function nameOf({ regarding, text }: Pending): string {
  return eventName(regarding.ref.name, regarding.uid, text);
}

function namespaceOf({ namespace }: ObjectRef): string {
  return namespace === "" ? "default" : namespace;
}

function pathOf(namespace: string): string {
  return `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

/** Token buckets by object; one that is full again is forgotten. */
function createBuckets(clock: Clock) {
  const buckets = new Map<string, { tokens: number; at: number }>();
  let sweptAt = clock.now();
  const refilled = ({ tokens, at }: { tokens: number; at: number }): number =>
    Math.min(PER_OBJECT, tokens + (clock.now() - at) / REFILL_MS);
  const sweep = (): void => {
    if (clock.now() - sweptAt < REFILL_MS) return;
    sweptAt = clock.now();
    for (const [key, bucket] of buckets) if (refilled(bucket) >= PER_OBJECT) buckets.delete(key);
  };
  return {
    /** Takes a token and returns 0, or says in how many milliseconds there is one. */
    take(key: string): number {
      sweep();
      const bucket = buckets.get(key);
      const tokens = bucket === undefined ? PER_OBJECT : refilled(bucket);
      if (tokens < 1) return Math.ceil((1 - tokens) * REFILL_MS);
      buckets.set(key, { tokens: tokens - 1, at: clock.now() });
      return 0;
    },
  };
}

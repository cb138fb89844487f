import { isLabel, isName } from "@sluice/kubernetes-objects";
import { type ObjectKey, objectKey, parseObjectKey } from "@sluice/model";
import type { Store } from "@sluice/store";
import type { Environment } from "./environment.ts";
import { followCollection } from "./follow-collection.ts";
import { followObject } from "./follow-object.ts";
import type { Inbox } from "./inbox.ts";
import { collectionOf, singleObject } from "./resources.ts";
import { createTenancy } from "./tenancy.ts";

/** Kinds of which only the objects are fetched that somebody reads, each by its name. */
const BY_NAME = ["Secret", "ConfigMap"] as const;

/** Fetches and follows what the readers of the store want. */
export interface Demand {
  /** Whether something that is wanted has been asked for less than the patience ago, without an answer so far. */
  isPending(): boolean;
  /** Whether everything that is wanted has had an answer, however long it took. */
  isAnswered(): boolean;
  /** Calls the listener when an answer has reached the store, or patience for one has run out. */
  onAnswer(listener: () => void): void;
}

export interface DemandOptions {
  readonly env: Environment;
  readonly store: Store;
  readonly inbox: Inbox;
  readonly signal: AbortSignal;
  /** How long readers are asked to wait for an answer, milliseconds. */
  readonly patienceMs: number;
}

/**
 * Secrets and ConfigMaps one by one as they are read, whatever the reason; of Pods, the labels of all in a namespace as
 * soon as one of them is read. What nobody reads any more is taken out of the store.
 */
export function followDemand({ env, store, inbox, signal, patienceMs }: DemandOptions): Demand {
  const askedAt = new Map<string, number>();
  const stops = new Map<string, () => void>();
  let listeners: readonly (() => void)[] = [];
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  const start = (key: string, follow: Follow): void => {
    const own = new AbortController();
    const until = AbortSignal.any([signal, own.signal]);
    const tenancy = createTenancy(inbox.put);
    stops.set(key, () => {
      own.abort();
      tenancy.end();
      askedAt.delete(key);
    });
    askedAt.set(key, env.clock.now());
    const answered = (): void => {
      if (!askedAt.has(key) || until.aborted) return;
      inbox.whenApplied(() => {
        if (!until.aborted && askedAt.delete(key)) tell();
      });
    };
    void follow(tenancy.put, answered, until);
    void env.clock.sleep(patienceMs, until).then(() => {
      if (askedAt.has(key) && !until.aborted) tell();
    });
  };
  const stop = (key: string): void => {
    const wasPending = askedAt.has(key);
    stops.get(key)?.();
    stops.delete(key);
    if (wasPending) tell();
  };

  for (const kind of BY_NAME)
    follow(store, kind, {
      join(key) {
        const { namespace, name } = parseObjectKey(key);
        // Users may write anything where a name belongs; such an object cannot exist.
        if (key !== objectKey({ kind, namespace, name }) || !isName(name) || !isLabel(namespace)) return;
        const object = singleObject(kind, namespace, name);
        start(key, (put, onAnswer, until) => followObject(env, { object, put, onAnswer, signal: until }));
      },
      leave: stop,
    });

  const pods = new Map<string, number>();
  follow(store, "Pod", {
    join(key) {
      const { namespace } = parseObjectKey(key);
      const readers = pods.get(namespace) ?? 0;
      pods.set(namespace, readers + 1);
      if (readers > 0 || !isLabel(namespace)) return;
      const collection = collectionOf("Pod", { namespace });
      start(`Pod/${namespace}`, (put, onFirst, until) =>
        followCollection(env, { collection, put, mayBe: { refused: "for good" }, onFirst, signal: until }),
      );
    },
    leave(key) {
      const { namespace } = parseObjectKey(key);
      const readers = pods.get(namespace) ?? 0;
      if (readers > 1) pods.set(namespace, readers - 1);
      else {
        pods.delete(namespace);
        stop(`Pod/${namespace}`);
      }
    },
  });

  return {
    isPending() {
      const since = env.clock.now() - patienceMs;
      return [...askedAt.values()].some((at) => at > since);
    },
    isAnswered: () => askedAt.size === 0,
    onAnswer(listener) {
      listeners = [...listeners, listener];
    },
  };
}

type Follow = (
  put: ReturnType<typeof createTenancy>["put"],
  onAnswer: () => void,
  until: AbortSignal,
) => Promise<void>;

/** Calls `join` and `leave` for each key of the kind that is wanted, now and later. */
function follow(
  store: Store,
  kind: "Secret" | "ConfigMap" | "Pod",
  { join, leave }: { join(key: ObjectKey): void; leave(key: ObjectKey): void },
): void {
  const keys = store.wanted(kind);
  // The keys of a store's kinds are object keys.
  const each = (list: Iterable<string>, run: (key: ObjectKey) => void): void => {
    for (const key of list) run(key as ObjectKey);
  };
  keys.subscribe((added, removed) => {
    each(added, join);
    each(removed, leave);
  });
  each(keys.current(), join);
}

import type { Clock } from "@sluice/kubernetes-api";
import type { ObjectKey } from "@sluice/model";
import { saysLive } from "./desired.ts";
import type { EventText } from "./event-text.ts";
import type { Events, Regarding } from "./events.ts";
import type { IngressFacts } from "./facts.ts";
import { liveEvent, notLiveEvent } from "./live-events.ts";
import type { LiveState } from "./liveness.ts";
import type { Merged } from "./merged-state.ts";

/** Says in Events that Ingresses are live, once for each revision, or why they are not. */
export interface Announcer {
  /** Returns in how many milliseconds to look again, if that is to be. */
  announce(key: ObjectKey, about: Regarding, state: Merged, facts: IngressFacts): number | undefined;
  /** Whether it was said, by whichever replica, that this revision is live. */
  isAnnounced(key: ObjectKey, state: LiveState, facts: IngressFacts): boolean;
  /** For how long it has been on its way to this revision, milliseconds, as far as this process knows. */
  age(key: ObjectKey, state: LiveState): number;
  forget(key: ObjectKey): void;
}

/** How long it may be before an Event says which node has not answered. */
export const PATIENCE_MS = 10_000;

export function createAnnouncer(clock: Clock, events: Events): Announcer {
  /** Since when each Ingress is on its way to this revision. */
  const since = new Map<ObjectKey, { readonly revision: string; readonly at: number }>();
  const announced = new Map<ObjectKey, string>();
  const complaints = new Map<ObjectKey, EventText>();

  const age = (key: ObjectKey, { revision }: LiveState): number => {
    const known = since.get(key);
    if (known?.revision === revision) return clock.now() - known.at;
    since.set(key, { revision, at: clock.now() });
    return 0;
  };
  const isAnnounced = (key: ObjectKey, { revision }: LiveState, facts: IngressFacts): boolean =>
    announced.get(key) === revision || saysLive(facts, revision);
  const announceLive = (key: ObjectKey, about: Regarding, state: Merged, facts: IngressFacts): void => {
    const old = complaints.get(key);
    if (old !== undefined) events.withdraw(about, old);
    complaints.delete(key);
    if (!isAnnounced(key, state, facts)) events.tell(about, liveEvent(state));
    announced.set(key, state.revision);
  };
  const complain = (key: ObjectKey, about: Regarding, state: Merged): void => {
    const old = complaints.get(key);
    const text = notLiveEvent(state, state.missing());
    if (old?.note === text.note) return;
    if (old !== undefined) events.withdraw(about, old);
    complaints.set(key, text);
    events.tell(about, text);
  };

  return {
    announce(key, about, state, facts) {
      if (state.accepted === state.nodes && state.nodes > 0) {
        announceLive(key, about, state, facts);
        return undefined;
      }
      // A node that comes and takes its time is no news about each Ingress.
      if (state.refused === 0 && isAnnounced(key, state, facts)) return undefined;
      const left = PATIENCE_MS - age(key, state);
      if (state.refused === 0 && left > 0) return left;
      complain(key, about, state);
      return undefined;
    },
    isAnnounced,
    age,
    forget(key) {
      for (const map of [since, announced, complaints]) map.delete(key);
    },
  };
}

import { isStatus } from "@sluice/kubernetes-api";
import { count } from "./counters.ts";
import { COLLECTION_BACKOFF, type Environment, LASTING_MS, LOOK_AGAIN_MS } from "./environment.ts";
import { createHeld, type Observe, type Put } from "./held.ts";
import { listAll } from "./list.ts";
import { type Outcome, persist } from "./persist.ts";
import type { Collection } from "./resources.ts";
import { openWatch } from "./watch.ts";

export interface FollowCollectionOptions {
  readonly collection: Collection;
  readonly put: Put;
  readonly observe?: Observe;
  /** Told the version up to which everything has been observed and put. */
  readonly reached?: (version: string) => void;
  readonly mayBe: Exceptions;
  /** Called once, when the first list has been put, or need not be waited for. */
  readonly onFirst: () => void;
  readonly signal: AbortSignal;
}

/** What counts as an answer to the first list, besides a list. */
export interface Exceptions {
  /** That the kind does not exist. */
  readonly absent?: boolean;
  /** That it may not be read: as soon as the API server says so, or when that lasts. */
  readonly refused?: "at once" | "for good";
}

/** How long a kind must be missing to count as deleted, milliseconds. */
const ABSENT_MS = 30_000;

/**
 * Lists a collection and watches it from there; goes on from the last version whenever a watch ends, and lists again when the
 * server has forgotten that version (410). Only an event, a complete list, or a kind that is deleted takes an object
 * away; a failure never does. Resolves after the signal, with everything still held.
 */
export async function followCollection(env: Environment, options: FollowCollectionOptions): Promise<void> {
  const { api, clock, random, health, counters } = env;
  const { collection, mayBe, signal } = options;
  const { kind, apiVersion, name, path, query, accept } = collection;
  const request = { path, query, signal, ...(accept === undefined ? {} : { accept }) };
  const held = createHeld(kind, apiVersion, options.put, options.observe);
  let version: string | undefined;
  let waitsForFirst = true;
  let isAbsent = false;
  /** Since when the kind has not been there, while something of it is held. */
  let absentSince: number | undefined;

  const first = (): void => {
    if (waitsForFirst) options.onFirst();
    waitsForFirst = false;
  };
  const list = async (): Promise<Outcome> => {
    const listed = await listAll(api, request, () => held.begin());
    listed.listing.end();
    version = listed.version;
    options.reached?.(version);
    isAbsent = false;
    absentSince = undefined;
    count(counters.lists, kind);
    health.ok(name);
    first();
    return "again";
  };
  const watch = async (): Promise<Outcome> => {
    const opened = clock.now();
    const events = await openWatch(api, request, version, random);
    count(counters.watches, kind);
    health.ok(name);
    let outcome: Outcome = "nothing";
    for await (const { type, object, version: at } of events) {
      if (type === "set") held.set(object);
      else if (type === "delete") held.delete(object);
      if (type !== "bookmark") count(counters.events, kind);
      version = at;
      options.reached?.(at);
      outcome = "progress";
    }
    return clock.now() - opened >= LASTING_MS ? "progress" : outcome;
  };
  const step = async (): Promise<Outcome> => {
    try {
      return await (version === undefined ? list() : watch());
    } catch (error) {
      if (isStatus(error, 410) && version !== undefined) {
        version = undefined;
        return "nothing";
      }
      if (mayBe.absent && isStatus(error, 404)) {
        version = undefined;
        isAbsent = true;
        health.ok(name);
        first();
        if (held.size === 0) return LOOK_AGAIN_MS;
        // An API server that starts knows a kind some seconds later than others; one that is still not there was deleted,
        // and its objects with it.
        absentSince ??= clock.now();
        if (clock.now() - absentSince < ABSENT_MS) return ABSENT_MS / 10;
        held.clear();
        return LOOK_AGAIN_MS;
      }
      throw error;
    }
  };

  await persist(step, {
    clock,
    random,
    backoff: COLLECTION_BACKOFF,
    signal,
    wake: health.wake,
    onError(error) {
      count(counters.failures, kind);
      // Whether there is such a kind by now is of no interest while the API server starts.
      if (isAbsent) return;
      const verdict = health.failed(name, error);
      if (verdict === "away") return;
      // It may be the version that is refused; a list does without.
      if (verdict === "refused") version = undefined;
      if (mayBe.refused === "at once" || (mayBe.refused === "for good" && verdict === "refused")) first();
    },
  });
  health.gone(name);
}

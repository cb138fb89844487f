import { isStatus } from "@sluice/kubernetes-api";
import { isRawObject } from "@sluice/kubernetes-objects";
import { count } from "./counters.ts";
import { type Environment, LASTING_MS, OBJECT_BACKOFF } from "./environment.ts";
import { createHeld, type Put } from "./held.ts";
import { type Outcome, persist } from "./persist.ts";
import type { SingleObject } from "./resources.ts";
import { openWatch } from "./watch.ts";

export interface FollowObjectOptions {
  readonly object: SingleObject;
  readonly put: Put;
  /** Called at least once, when it is known what the object is, that it is not there, or that it must not be read. */
  readonly onAnswer: () => void;
  readonly signal: AbortSignal;
}

/**
 * Follows one object by its name: neither `list` nor anything about other objects is asked for. The watch begins with
 * the object as it is; that there is none, only a GET says, which is sent when the watch is open, so that nothing
 * falls between. Once the watch has told anything, it knows better than the GET. Where watching is refused, the object
 * is asked for again and again, at last about once a minute. Resolves after the signal, with the object still put.
 */
export async function followObject(env: Environment, options: FollowObjectOptions): Promise<void> {
  const { clock, random, health, counters, limiter } = env;
  const { object, signal, onAnswer } = options;
  const { kind, apiVersion, name, path, query, objectPath } = object;
  const held = createHeld(kind, apiVersion, options.put);
  let version: string | undefined;

  const lookUp = async (isTold: () => boolean, until: AbortSignal): Promise<void> => {
    const found = await limiter(() => getOrNothing(env, objectPath, until));
    if (isTold()) return;
    if (isRawObject(found)) held.set(found);
    else held.clear();
    health.ok(name);
    onAnswer();
  };
  const watch = async (): Promise<Outcome> => {
    const attempt = new AbortController();
    const until = AbortSignal.any([signal, attempt.signal]);
    const opened = clock.now();
    const events = await limiter(() => openWatch(env.api, { path, query, signal: until }, version, random));
    count(counters.watches, kind);
    let told = version !== undefined;
    let failure: unknown;
    const lookedUp = told
      ? Promise.resolve(health.ok(name))
      : lookUp(() => told, until).catch((error) => {
          if (told) return;
          failure = error;
          attempt.abort();
        });
    let outcome: Outcome = "nothing";
    try {
      for await (const { type, object: item, version: at } of events) {
        version = at;
        outcome = "progress";
        if (type === "bookmark") continue;
        count(counters.events, kind);
        // The GET, which comes too late now, would have said it.
        if (!told) health.ok(name);
        told = true;
        if (type === "set") held.set(item);
        else held.delete(item);
        onAnswer();
      }
    } catch (error) {
      if (failure === undefined) throw error;
    } finally {
      await lookedUp;
    }
    if (failure !== undefined) {
      version = undefined;
      throw failure;
    }
    return clock.now() - opened >= LASTING_MS ? "progress" : outcome;
  };
  const step = async (): Promise<Outcome> => {
    try {
      return await watch();
    } catch (error) {
      if (isStatus(error, 410) && version !== undefined) {
        version = undefined;
        return "nothing";
      }
      if (!isStatus(error, 403)) throw error;
      version = undefined;
      await lookUp(() => false, signal);
      return "nothing";
    }
  };

  await persist(step, {
    clock,
    random,
    backoff: OBJECT_BACKOFF,
    signal,
    wake: health.wake,
    onError(error) {
      count(counters.failures, kind);
      if (health.failed(name, error) === "refused") onAnswer();
    },
  });
  health.gone(name);
}

async function getOrNothing({ api }: Environment, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return await api.json({ path, signal });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

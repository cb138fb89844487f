import {
  backoffMs,
  type Clock,
  describeError,
  isRefusal,
  isStatus,
  type KubeApi,
} from "@sluice/kubernetes-api";
import { type Authority, firstAuthority } from "./authority.ts";
import { readSecret, type StoredAuthority, writeSecret } from "./authority-secret.ts";
import { certificatesOf } from "./bundle.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { AUTHORITY_SECRET } from "./names.ts";

/** Where it is told how it stands with the Secret; `pino` fits. */
export interface AuthorityLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface AuthorityStoreOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly lifetimes: Lifetimes;
  readonly log?: AuthorityLog;
  readonly signal: AbortSignal;
}

/** The authority's Secret. */
export interface AuthorityStore {
  /** Follows the Secret, and makes it when it is not there, until the signal. Never rejects. */
  run(): Promise<void>;
  /**
   * Writes what comes after `from`, as long as `from` is what was found last; if somebody was quicker, theirs is found.
   * Never rejects.
   */
  replace(from: Authority, to: Authority): Promise<void>;
  /** What is wrong with the Secret, or on the way to it, in a sentence that shows no bytes of it. */
  trouble(): string | undefined;
}

const BACKOFF = { firstMs: 200, maxMs: 30_000 };
/** A watch that lasted so long has worked. */
const LASTING_MS = 5_000;
/** An outage is told once it lasts, a refusal at once. */
const FAILURES_TO_TELL = 3;

/** Calls `onFound` for each authority that is found to be in force, one after the other. */
export function createAuthorityStore(
  options: AuthorityStoreOptions,
  onFound: (authority: Authority) => Promise<void>,
): AuthorityStore {
  const { api, namespace, clock, log, signal, lifetimes, random = Math.random } = options;
  const secrets = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  const path = `${secrets}/${AUTHORITY_SECRET}`;
  const secret = `${namespace}/${AUTHORITY_SECRET}`;
  const content = createComplaint(log, { secret });
  const following = createComplaint(log, { secret });
  const moving = createComplaint(log, { secret });
  let stored: StoredAuthority | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time, so that an older answer never comes after a newer one. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = turn.then(act);
    turn = mine.catch(() => {});
    return mine;
  };
  const take = async (object: unknown): Promise<void> => {
    const found = readSecret(object);
    if (typeof found === "string") return content.hold(unusable(found));
    content.release("the Secret of the certificate authority for xDS can be used again");
    if (found.resourceVersion === stored?.resourceVersion) return;
    await onFound(found.authority);
    stored = found;
  };
  const create = async (): Promise<void> => {
    const authority = await firstAuthority({ now: clock.now(), lifetimes });
    const made = await api.write({ method: "POST", path: secrets, body: writeSecret(authority), signal });
    log?.info({ secret }, "a certificate authority for xDS was made");
    await take(made);
  };
  const refresh = async (): Promise<void> => {
    try {
      await take(await api.json({ path, signal }));
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      await create().catch(async (conflict) => {
        // Another replica was quicker; its authority is as good.
        if (!isStatus(conflict, 409)) throw conflict;
        await take(await api.json({ path, signal }));
      });
    }
  };
  const watch = async (): Promise<void> => {
    const seconds = Math.floor(290 * (1 + random()));
    const events = await api.stream({
      path: secrets,
      query: {
        watch: "1",
        fieldSelector: `metadata.name=${AUTHORITY_SECRET}`,
        allowWatchBookmarks: "true",
        timeoutSeconds: `${seconds}`,
      },
      signal,
    });
    await inTurn(refresh);
    following.release("the Secret of the certificate authority for xDS is followed again");
    // Whatever is told, the object itself says what is: it changes a few times in years.
    for await (const _ of events) await inTurn(refresh);
  };

  return {
    async run() {
      for (let failures = 0; !signal.aborted; ) {
        const opened = clock.now();
        const hasLasted = (): boolean => clock.now() - opened >= LASTING_MS;
        try {
          await watch();
          failures = hasLasted() ? 0 : failures + 1;
        } catch (error) {
          if (signal.aborted) return;
          failures = hasLasted() ? 1 : failures + 1;
          const isTime = isRefusal(error) || failures >= FAILURES_TO_TELL;
          following.hold(UNFOLLOWED + reason(error, namespace), isTime);
        }
        await clock.sleep(backoffMs(failures, BACKOFF, random), signal);
      }
    },
    replace: (from, to) =>
      inTurn(async () => {
        // Another's step was found meanwhile: one that does not build on it would take it back.
        if (stored?.authority !== from) return;
        const body = writeSecret(to, stored.resourceVersion);
        const written = await api.write({ method: "PUT", path, body, signal });
        moving.release("the certificate authority for xDS can be moved on again");
        log?.info({ authorities: certificatesOf(to.bundle).length }, "the certificate authority moved on");
        await take(written);
      }).catch(async (error) => {
        if (signal.aborted) return;
        // Whoever follows the Secret tells if that fails.
        if (isStatus(error, 409) || isStatus(error, 404)) return inTurn(refresh).catch(() => {});
        moving.hold(UNMOVED + reason(error, namespace));
      }),
    trouble: () => content.words() ?? following.words() ?? moving.words(),
  };
}

/** Something that is wrong at present, logged when it begins, changes or ends, and not again and again meanwhile. */
function createComplaint(log: AuthorityLog | undefined, fields: object) {
  let present: string | undefined;
  let told: string | undefined;
  return {
    /** Outages change their words with each attempt; unless `isTime`, nothing is logged so far. */
    hold(words: string, isTime = true): void {
      present = words;
      if (!isTime || told === words) return;
      told = words;
      log?.warn(fields, words);
    },
    release(words: string): void {
      if (told !== undefined) log?.info(fields, words);
      present = undefined;
      told = undefined;
    },
    words: () => present,
  };
}

const UNFOLLOWED =
  "the Secret of the certificate authority for xDS cannot be followed; trying again, with what is known until then: ";
const UNMOVED = "the certificate authority for xDS could not be moved on; trying again: ";

function unusable(why: string): string {
  return `the Secret of the certificate authority for xDS cannot be used and is left alone: ${why}; delete it, and a new one is made`;
}

/** What the error says, and for lack of permission what to grant. */
function reason(error: unknown, namespace: string): string {
  const words = describeError(error);
  if (!isStatus(error, 403)) return words;
  return `${words}; grant the verb create on secrets, and get, watch and update on the secret ${AUTHORITY_SECRET}, in namespace ${namespace}`;
}

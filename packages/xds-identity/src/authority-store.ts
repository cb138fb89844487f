import { backoffMs, type Clock, describeError, isStatus, type KubeApi } from "@sluice/kubernetes-api";
import { type Authority, firstAuthority } from "./authority.ts";
import { readSecret, type StoredAuthority, writeSecret } from "./authority-secret.ts";
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
  /** Replaces what was found last, unless somebody was quicker: then theirs is found. Never rejects. */
  replace(authority: Authority): Promise<void>;
}

const BACKOFF = { firstMs: 200, maxMs: 30_000 };
/** A watch that lasted so long has worked. */
const LASTING_MS = 5_000;
/** Told of an outage once it lasts, and of a first start that waits. */
const FAILURES_TO_TELL = 3;

/** Calls `onFound` for each authority that is found to be in force, one after the other. */
export function createAuthorityStore(
  options: AuthorityStoreOptions,
  onFound: (authority: Authority) => Promise<void>,
): AuthorityStore {
  const { api, namespace, clock, log, signal, lifetimes, random = Math.random } = options;
  const secrets = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  const secret = `${secrets}/${AUTHORITY_SECRET}`;
  let stored: StoredAuthority | undefined;
  let complaint: string | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time, so that an older answer never comes after a newer one. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = turn.then(act);
    turn = mine.catch(() => {});
    return mine;
  };
  const take = async (object: unknown): Promise<void> => {
    const found = readSecret(object);
    if (typeof found === "string") {
      if (complaint !== found) log?.warn({ secret: `${namespace}/${AUTHORITY_SECRET}` }, unusable(found));
      complaint = found;
      return;
    }
    complaint = undefined;
    if (found.resourceVersion === stored?.resourceVersion) return;
    stored = found;
    await onFound(found.authority);
  };
  const create = async (): Promise<void> => {
    const authority = await firstAuthority({ now: clock.now(), lifetimes });
    await take(await api.write({ method: "POST", path: secrets, body: writeSecret(authority), signal }));
    log?.info({ secret: `${namespace}/${AUTHORITY_SECRET}` }, "a certificate authority for xDS was made");
  };
  const refresh = async (): Promise<void> => {
    try {
      await take(await api.json({ path: secret, signal }));
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      await create().catch(async (conflict) => {
        // Another replica was quicker; its authority is as good.
        if (!isStatus(conflict, 409)) throw conflict;
        await take(await api.json({ path: secret, signal }));
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
    // Whatever is told, the object itself says what is: it changes a few times in years.
    for await (const _ of events) await inTurn(refresh);
  };

  return {
    async run() {
      let failures = 0;
      while (!signal.aborted) {
        const opened = clock.now();
        try {
          await watch();
          failures = clock.now() - opened >= LASTING_MS ? 0 : failures + 1;
        } catch (error) {
          if (signal.aborted) return;
          failures = clock.now() - opened >= LASTING_MS ? 1 : failures + 1;
          if (failures === FAILURES_TO_TELL) log?.warn({ error: describeError(error) }, UNREACHABLE);
        }
        await clock.sleep(backoffMs(failures, BACKOFF, random), signal);
      }
    },
    replace: (authority) =>
      inTurn(async () => {
        const body = writeSecret(authority, stored?.resourceVersion);
        await take(await api.write({ method: "PUT", path: secret, body, signal }));
        log?.info(
          { authorities: authority.bundle.split("BEGIN").length - 1 },
          "the certificate authority moved on",
        );
      }).catch(async (error) => {
        if (signal.aborted) return;
        if (isStatus(error, 409) || isStatus(error, 404)) return inTurn(refresh).catch(() => {});
        log?.warn(
          { error: describeError(error) },
          "the certificate authority could not be moved on; trying again",
        );
      }),
  };
}

const UNREACHABLE =
  "the Secret of the certificate authority for xDS cannot be followed; trying again, with what is known until then";

function unusable(why: string): string {
  return `the Secret of the certificate authority for xDS cannot be used and is ignored: ${why}; delete it, and a new one is made`;
}

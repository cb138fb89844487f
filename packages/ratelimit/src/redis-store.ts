import { Redis } from "ioredis";
import { ACQUIRE, BEAT, RENEW, type Script, TAKE } from "./scripts.ts";
import type { LimitStore } from "./store.ts";

export interface RedisStoreOptions {
  /** `redis://[USER:PASSWORD@]HOST:PORT[/DB]`, or `rediss:` for TLS. Redis 5 or newer. */
  readonly url: string;
  /** In place of the one in the URL. */
  readonly password?: string;
  /** Begins every key. Default `sluice:limit:`. */
  readonly prefix?: string;
  /** So long a request is counted as in flight without being renewed. Milliseconds; default 15,000. */
  readonly leaseMs?: number;
  /** Milliseconds between attempts to connect, at most. Default 1,000. */
  readonly longestRetryMs?: number;
}

/** A store whose promises are rejected when the server cannot be reached; it connects again by itself. */
export interface RemoteStore extends LimitStore {
  readonly leaseMs: number;
  /** Begins the leases of these requests anew, whether the server knows them or not. */
  renew(key: string, ids: readonly string[]): Promise<void>;
  /** Tells that the instance `id` is there, for the length of a lease, and asks who is: their texts by their ids. */
  beat(id: string, text: string): Promise<ReadonlyMap<string, string>>;
  /** Fulfilled when the server answers; while there is no connection that may be never. */
  ping(): Promise<void>;
}

/** The largest number of ids in one call of a script: Lua's stack is limited. */
const RENEW_AT_ONCE = 1_000;

/** Counts in Redis: one round trip for each question. */
export function redisStore({
  url,
  password,
  prefix = "sluice:limit:",
  leaseMs = 15_000,
  longestRetryMs = 1_000,
}: RedisStoreOptions): RemoteStore {
  const redis = new Redis(url, {
    ...(password !== undefined && { password }),
    // Whoever asks must have an answer at once, and it may be that there is none.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: Math.max(1_000, longestRetryMs),
    retryStrategy: (attempt) => Math.min(longestRetryMs, 50 * 2 ** Math.min(attempt, 10)),
  });
  // Each command that fails tells its caller; without a listener the library writes to the console.
  redis.on("error", () => {});
  let ready = Promise.withResolvers<void>();
  redis.on("ready", () => ready.resolve());
  redis.on("close", () => {
    ready = Promise.withResolvers();
  });

  const run = async (script: Script, key: string, args: readonly (string | number)[]): Promise<unknown> => {
    const name = `${prefix}${key}`;
    try {
      return await redis.evalsha(script.sha1, 1, name, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return redis.eval(script.lua, 1, name, ...args);
    }
  };

  return {
    leaseMs,
    async take({ key, limit, windowMs }, hits) {
      const [allowed, remaining, resetMs] = numbers(await run(TAKE, key, [limit, windowMs, hits]), 3);
      return { allowed: allowed === 1, remaining: remaining ?? 0, resetMs: resetMs ?? 0 };
    },
    async acquire({ key, limit }, id) {
      const [allowed, remaining] = numbers(await run(ACQUIRE, key, [leaseMs, limit, id]), 2);
      return { allowed: allowed === 1, remaining: remaining ?? 0, resetMs: 0 };
    },
    async release(key, id) {
      await redis.zrem(`${prefix}${key}`, id);
    },
    async renew(key, ids) {
      for (let from = 0; from < ids.length; from += RENEW_AT_ONCE)
        await run(RENEW, key, [leaseMs, ...ids.slice(from, from + RENEW_AT_ONCE)]);
    },
    async beat(id, text) {
      return pairs(await run(BEAT, "instances", [leaseMs, id, text]));
    },
    async ping() {
      await ready.promise;
      await redis.ping();
    },
    async close() {
      redis.disconnect();
    },
  };
}

/** What {@link BEAT} answers. */
function pairs(answer: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(answer) || !answer.every((one) => typeof one === "string")) throw notOurs();
  return new Map(answer.flatMap((one, at) => (at % 2 === 0 ? [[one, answer[at + 1] ?? ""] as const] : [])));
}

/** What a script of ours answers; anything else comes from a server that is no Redis. */
function numbers(answer: unknown, length: number): readonly number[] {
  if (Array.isArray(answer) && answer.length === length && answer.every((one) => typeof one === "number"))
    return answer;
  throw notOurs();
}

function notOurs(): Error {
  return new Error("Redis answered a script with something else than what it returns.");
}

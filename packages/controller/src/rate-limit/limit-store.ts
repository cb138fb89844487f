import { readFileSync } from "node:fs";
import type { LimitStore } from "@sluice/ratelimit";
import { type Mode, memoryStore, type RemoteStore, redisStore, resilientStore } from "@sluice/ratelimit";
import type { Settings } from "../config/settings.ts";
import { OperatorError } from "../operator-error.ts";

/** Where the limits are counted, as far as the rest of the process sees it. */
export interface LimitStoreInUse {
  readonly store: LimitStore;
  /** What is shared with other instances, if there is such a store. */
  readonly remote?: RemoteStore;
  /** Whether the shared store answers. Undefined: there is none. */
  mode(): Mode | undefined;
  /** Questions that were answered without the shared store. */
  answeredAlone(): number;
}

export interface LimitStoreOptions {
  readonly settings: Pick<Settings, "rateLimitRedis" | "rateLimitRedisPasswordFile">;
  /** By what a limit is divided while this process counts without the others. */
  readonly instances: (group: string | undefined) => number;
  readonly onMode: (mode: Mode, reason: string) => void;
}

/** Opens the store that the settings ask for. Throws an OperatorError for a password file that cannot be read. */
export function openLimitStore({ settings, instances, onMode }: LimitStoreOptions): LimitStoreInUse {
  const url = settings.rateLimitRedis;
  if (url === undefined)
    return { store: memoryStore({ instances }), mode: () => undefined, answeredAlone: () => 0 };
  const password = passwordOf(settings.rateLimitRedisPasswordFile);
  const remote = redisStore({ url, ...(password !== undefined && { password }) });
  const store = resilientStore({ remote, instances, onMode });
  return { store, remote, mode: () => store.mode, answeredAlone: () => store.answeredAlone };
}

function passwordOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new OperatorError("settings", `The password file of the rate limits' Redis cannot be read.`, {
      hint: `See whether ${file} is there, and readable.`,
      cause,
    });
  }
}

/** Host and port of the store, for people: a URL may hold a password. */
export function storeName(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || 6379}`;
}

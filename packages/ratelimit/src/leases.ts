import { randomUUID } from "node:crypto";
import type { InFlightLimit, LimitStore, Outcome } from "./store.ts";

export interface LeasesOptions {
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** A request that nobody ended is forgotten after this time. Milliseconds; default one hour. */
  readonly longestRequestMs?: number;
}

/** Requests in flight of the Envoy that asks here. */
export interface Leases {
  /** Asks the store for room for one more request of this name. `owner` is the connection by which Envoy asks. */
  begin(
    limit: InFlightLimit,
    request: string,
    owner?: object,
  ): Promise<{ readonly outcome: Outcome; readonly lease: Lease }>;
  /** A request of this name is over, as Envoy says once of each that began, refused or not. */
  end(key: string, request: string): Promise<void>;
  /** Gives the room of a request back that is refused for another reason; its end is still to come. */
  giveBack(key: string, lease: Lease): Promise<void>;
  /** The owner is gone, and nobody will say that its requests are over: they are. */
  endAllOf(owner: object): Promise<void>;
}

/** One request. */
export interface Lease {
  readonly id: string;
  readonly key: string;
  readonly owner: object | undefined;
  readonly since: number;
  held: boolean;
  over: boolean;
}

const SWEEP_MS = 60_000;

/**
 * Gives each request an id of its own for the store. The name that Envoy tells (`x-request-id`) may be a client's, and
 * the same for many requests: they still count one by one. A request may be over before the store has answered; then it
 * is given back when it has.
 */
export function leases(
  store: LimitStore,
  { now = Date.now, longestRequestMs = 3_600_000 }: LeasesOptions = {},
): Leases {
  const instance = randomUUID();
  const byName = new Map<string, Lease[]>();
  let begun = 0;
  let sweptAt = now();

  const sweep = () => {
    sweptAt = now();
    for (const [name, all] of byName) {
      const young = all.filter(({ since }) => sweptAt - since < longestRequestMs);
      if (young.length > 0) byName.set(name, young);
      else byName.delete(name);
    }
  };
  const giveBack = async (key: string, lease: Lease) => {
    if (!lease.held) return;
    lease.held = false;
    await store.release(key, lease.id);
  };

  return {
    async begin(limit, request, owner) {
      if (now() - sweptAt >= SWEEP_MS) sweep();
      begun += 1;
      const id = `${instance}/${begun}`;
      const lease: Lease = { id, key: limit.key, owner, since: now(), held: false, over: false };
      const name = nameOf(limit.key, request);
      byName.set(name, [...(byName.get(name) ?? []), lease]);
      const outcome = await store.acquire(limit, lease.id);
      lease.held = outcome.allowed;
      if (lease.over) await giveBack(limit.key, lease);
      return { outcome, lease };
    },
    async end(key, request) {
      const name = nameOf(key, request);
      const all = byName.get(name) ?? [];
      // Of several with one name, those that hold nothing go first: nobody makes room by what was refused.
      const lease = all.find(({ held }) => !held) ?? all[0];
      if (lease === undefined) return;
      const others = all.filter((one) => one !== lease);
      if (others.length > 0) byName.set(name, others);
      else byName.delete(name);
      lease.over = true;
      await giveBack(key, lease);
    },
    giveBack,
    async endAllOf(owner) {
      const ended: Lease[] = [];
      for (const [name, all] of byName) {
        const others = all.filter((lease) => lease.owner !== owner);
        if (others.length === all.length) continue;
        ended.push(...all.filter((lease) => lease.owner === owner));
        if (others.length > 0) byName.set(name, others);
        else byName.delete(name);
      }
      for (const lease of ended) lease.over = true;
      await Promise.all(ended.map((lease) => giveBack(lease.key, lease)));
    },
  };
}

function nameOf(key: string, request: string): string {
  return JSON.stringify([key, request]);
}

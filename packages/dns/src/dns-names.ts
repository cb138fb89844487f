import { isDeepStrictEqual } from "node:util";
import { watchedCells } from "@sluice/store";
import { type Clock, systemClock } from "./clock.ts";
import { keepResolved, type Lookup } from "./keep-resolved.ts";
import { createNameResolver, type NameResolver } from "./resolve-name.ts";

/** Where derivations look names up. */
export interface NameLookup {
  /**
   * What is known of a name: a recorded read, so that whoever made it runs again when the addresses change. Undefined
   * until the first outcome, and outside of effects. Names differ by case and a dot at the end no more than in DNS.
   */
  lookup(hostname: string): Lookup | undefined;
}

/** Names that are resolved, and kept so, as long as somebody watches them. */
export interface DnsNames extends NameLookup {
  /** Whether a name that is watched has had no outcome yet. It has one after three seconds at the latest. */
  isPending(): boolean;
  /** Resolves when no name is pending, at once if none is. */
  settled(): Promise<void>;
  /** Calls `listener` after what is known of a name has changed, and effects have run. */
  onChanged(listener: () => void): () => void;
  /** Stops all timers and questions; names stay as they are. */
  close(): void;
}

export interface DnsNamesOptions {
  /** `ADDRESS:PORT` of the DNS server to ask; absent: those of the system, then its hosts file. */
  readonly server?: string;
  readonly clock?: Clock;
  /** Who is asked, instead of DNS. */
  readonly resolver?: NameResolver;
}

/** No names yet: they come with their readers. */
export function createDnsNames(options: DnsNamesOptions = {}): DnsNames {
  const clock = options.clock ?? systemClock;
  const { server } = options;
  const resolver = options.resolver ?? createNameResolver(server === undefined ? {} : { server });
  const known = watchedCells<Lookup | undefined>(undefined, { equals: isDeepStrictEqual });
  const running = new Map<string, () => void>();
  const pending = new Set<string>();
  const listeners = new Set<() => void>();
  const waiting: (() => void)[] = [];

  const endPending = (name: string): void => {
    pending.delete(name);
    if (pending.size > 0) return;
    for (const done of waiting.splice(0)) done();
  };
  const start = (name: string): void => {
    let last: Lookup | undefined;
    pending.add(name);
    const publish = (lookup: Lookup): void => {
      if (isDeepStrictEqual(last, lookup)) return;
      last = lookup;
      // The name is settled for those that hear of it, and whoever awaits that finds that they have heard.
      pending.delete(name);
      known.set(name, lookup);
      for (const listener of [...listeners]) listener();
      endPending(name);
    };
    running.set(name, keepResolved(name, { resolve: resolver.resolve, clock, publish }));
  };
  const stop = (name: string): void => {
    running.get(name)?.();
    running.delete(name);
    endPending(name);
  };
  const unsubscribe = known.keys.subscribe((added, removed) => {
    for (const name of added) start(name);
    for (const name of removed) stop(name);
  });

  return {
    lookup: (hostname) => known.get(hostname.toLowerCase().replace(/\.$/, "")),
    isPending: () => pending.size > 0,
    settled: () => (pending.size === 0 ? Promise.resolve() : new Promise((done) => waiting.push(done))),
    onChanged(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close() {
      unsubscribe();
      for (const name of [...running.keys()]) stop(name);
      resolver.close();
    },
  };
}

import { typeOf } from "./keys.ts";

/** Why a resource is not sent yet. */
export type Reason =
  /** It depends on a resource that the node has not accepted. */
  | "dependency"
  /** It is to be removed, and something on the node still refers to it. */
  | "referenced"
  /** It is a virtual host to be removed whose RouteConfiguration is on its way out with it. */
  | "route-configuration-leaving"
  /** It is to be removed, and what the node holds from an earlier stream may refer to it. */
  | "settling";

export interface Block {
  /** Key of the resource that is waited for; its own key when nothing in particular is. */
  readonly on: string;
  readonly reason: Reason;
}

/**
 * What is yet to be done on one node: the dirty set. Each key is either a candidate (to be looked at when
 * its type may next send) or blocked by another key, whose `wake` makes it a candidate again.
 * All costs follow the number of keys that changed.
 */
export class Pending {
  /** Key → revision of the world at which it first needed sending. */
  readonly #since = new Map<string, number>();
  readonly #candidates = new Map<string, Set<string>>();
  readonly #blocks = new Map<string, Block>();
  readonly #waiters = new Map<string, Set<string>>();

  /** Makes `key` a candidate; the earliest `since` counts. */
  mark(key: string, since: number): void {
    this.#since.set(key, Math.min(since, this.#since.get(key) ?? since));
    this.#unblock(key);
    this.#candidatesOf(typeOf(key)).add(key);
  }

  /** Candidates of a type, in the order in which they came. */
  candidates(typeUrl: string): ReadonlySet<string> {
    return this.#candidatesOf(typeUrl);
  }

  isCandidate(key: string): boolean {
    return this.#candidates.get(typeOf(key))?.has(key) ?? false;
  }

  since(key: string): number | undefined {
    return this.#since.get(key);
  }

  block(key: string, block: Block): void {
    this.#unblock(key);
    this.#candidates.get(typeOf(key))?.delete(key);
    this.#blocks.set(key, block);
    let waiting = this.#waiters.get(block.on);
    if (waiting === undefined) {
      waiting = new Set();
      this.#waiters.set(block.on, waiting);
    }
    waiting.add(key);
  }

  blockOf(key: string): Block | undefined {
    return this.#blocks.get(key);
  }

  blocked(): ReadonlyMap<string, Block> {
    return this.#blocks;
  }

  /** Takes `key` out of the candidates while keeping its `since` (it waits in a group of suspects). */
  shelve(key: string): void {
    this.#unblock(key);
    this.#candidates.get(typeOf(key))?.delete(key);
  }

  /** Nothing is to be done about `key`. */
  settle(key: string): void {
    this.shelve(key);
    this.#since.delete(key);
  }

  /** Something about `key` changed: all that wait for it are looked at again. Returns how many. */
  wake(key: string): number {
    const waiting = this.#waiters.get(key);
    if (waiting === undefined) return 0;
    this.#waiters.delete(key);
    for (const waiter of waiting) {
      this.#blocks.delete(waiter);
      this.#candidatesOf(typeOf(waiter)).add(waiter);
    }
    return waiting.size;
  }

  #unblock(key: string): void {
    const block = this.#blocks.get(key);
    if (block === undefined) return;
    this.#blocks.delete(key);
    const waiting = this.#waiters.get(block.on);
    waiting?.delete(key);
    if (waiting?.size === 0) this.#waiters.delete(block.on);
  }

  #candidatesOf(typeUrl: string): Set<string> {
    let set = this.#candidates.get(typeUrl);
    if (set === undefined) {
      set = new Set();
      this.#candidates.set(typeUrl, set);
    }
    return set;
  }
}

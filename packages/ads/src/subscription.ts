/** What a request changed in a subscription. */
export interface SubscriptionChange {
  /** Names that the client wants from here on, and wants an answer about even when it was sent them before. */
  readonly added: readonly string[];
  /** Names that the client has let go: it holds nothing under them any more. */
  readonly dropped: readonly string[];
  /** The client wants everything from here on. */
  readonly wildcardStarted: boolean;
  /** The client no longer wants everything; only `names` are left. */
  readonly wildcardEnded: boolean;
}

const WILDCARD = "*";

/**
 * What one client wants of one type. It does no I/O: a request goes in, what it changed comes out.
 *
 * The rules are those of "xDS REST and gRPC protocol", sections "How the client specifies what resources
 * to return" and "Wildcard subscriptions"; each is cited where it is kept.
 */
export class Subscription {
  readonly #names = new Set<string>();
  #wildcard = false;
  /** "If the stream has never named a resource of this type", an empty request means everything. */
  #mayBeLegacyWildcard: boolean;

  /** `supportsWildcard`: whether an empty first request means everything (LDS, CDS, VHDS) or nothing. */
  constructor(supportsWildcard: boolean) {
    this.#mayBeLegacyWildcard = supportsWildcard;
  }

  get wildcard(): boolean {
    return this.#wildcard;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** Delta: the request's `resource_names_subscribe` and `resource_names_unsubscribe`. */
  update(subscribe: readonly string[], unsubscribe: readonly string[]): SubscriptionChange {
    const before = this.#wildcard;
    this.#noteLegacy(subscribe.length === 0 && unsubscribe.length === 0);
    const added = new Set<string>();
    for (const name of subscribe) {
      if (name === WILDCARD) this.#wildcard = true;
      // "resource_names_subscribe may contain names that the server believes the client is already
      // subscribed to": the client may have forgotten them, so they are sent again.
      else added.add(name);
      this.#mayBeLegacyWildcard = false;
    }
    for (const name of added) this.#names.add(name);
    const dropped: string[] = [];
    for (const name of unsubscribe) {
      if (name === WILDCARD) this.#wildcard = false;
      else if (this.#names.delete(name)) {
        added.delete(name);
        // "the server must respond with either the resource or its removal" when a name is let go under
        // a wildcard, because the client cannot tell whether the wildcard covers it.
        if (this.#wildcard) added.add(name);
        else dropped.push(name);
      }
    }
    return { added: [...added], dropped, ...this.#transition(before) };
  }

  /** State of the world: the request's `resource_names`, which replace all earlier ones. */
  replace(names: readonly string[]): SubscriptionChange {
    const before = this.#wildcard;
    // "An empty list after names were sent means that the client wants nothing", not everything.
    if (names.length > 0) {
      this.#mayBeLegacyWildcard = false;
      this.#wildcard = names.includes(WILDCARD);
    } else if (!this.#mayBeLegacyWildcard) this.#wildcard = false;
    this.#noteLegacy(names.length === 0);
    const wanted = new Set(names);
    wanted.delete(WILDCARD);
    const dropped = [...this.#names].filter((name) => !wanted.has(name));
    const added = [...wanted].filter((name) => !this.#names.has(name) && !before);
    for (const name of dropped) this.#names.delete(name);
    for (const name of wanted) this.#names.add(name);
    return {
      added,
      dropped: this.#wildcard ? [] : dropped,
      ...this.#transition(before),
    };
  }

  #noteLegacy(empty: boolean): void {
    // "If the first request for a type names nothing, the server should behave as if it had named `*`."
    if (empty && this.#mayBeLegacyWildcard) this.#wildcard = true;
  }

  #transition(before: boolean): { wildcardStarted: boolean; wildcardEnded: boolean } {
    return { wildcardStarted: !before && this.#wildcard, wildcardEnded: before && !this.#wildcard };
  }
}

/**
 * The search for the culprit among the resources of a refused response, for one channel.
 * Envoy's words name nothing reliable, but a resource refused alone is named by its nonce; so the suspects
 * are sent again in halves until those that are refused stand alone. A culprit among n costs about
 * 2·log2(n) responses.
 */
export class Suspects {
  /** The next group to send is the last. */
  readonly #groups: string[][] = [];
  readonly #members = new Set<string>();

  get size(): number {
    return this.#groups.length;
  }

  has(key: string): boolean {
    return this.#members.has(key);
  }

  /** Removals cannot be at fault, so they go first and alone; the rest is halved. */
  split(sets: readonly string[], removals: readonly string[]): void {
    const middle = Math.ceil(sets.length / 2);
    // A single set beside removals is one group, not two.
    this.#push(sets.slice(middle));
    this.#push(sets.slice(0, middle));
    this.#push(removals);
  }

  /** Sends one key alone, after the groups that wait already. */
  addAlone(key: string): void {
    if (this.#members.has(key)) return;
    this.#members.add(key);
    this.#groups.unshift([key]);
  }

  take(): readonly string[] | undefined {
    const group = this.#groups.pop();
    for (const key of group ?? []) this.#members.delete(key);
    return group;
  }

  #push(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !this.#members.has(key));
    if (fresh.length === 0) return;
    for (const key of fresh) this.#members.add(key);
    this.#groups.push([...fresh]);
  }
}

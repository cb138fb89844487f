/** Counts references by key; a key that nothing refers to takes no space. */
export class Counts {
  readonly #counts = new Map<string, number>();

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  add(keys: readonly string[]): void {
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Undoes one `add` of the same keys; returns those that nothing refers to any more. */
  release(keys: readonly string[]): string[] {
    const free: string[] = [];
    for (const key of keys) {
      const count = (this.#counts.get(key) ?? 0) - 1;
      if (count > 0) this.#counts.set(key, count);
      else if (this.#counts.delete(key)) free.push(key);
    }
    return free;
  }
}

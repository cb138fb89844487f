/** Items that arrive over time, taken by those that wait for them. */
export class Inbox<T extends object> {
  readonly items: T[] = [];
  readonly #takers = new Set<{
    wants: (item: T) => boolean;
    done: (item: T) => void;
    fail: (e: Error) => void;
  }>();
  readonly #end = Promise.withResolvers<string>();
  #error: Error | undefined;

  /** Resolves with the message of the error that ended it. */
  get ended(): Promise<string> {
    return this.#end.promise;
  }

  put(item: T): void {
    for (const taker of this.#takers) {
      if (!taker.wants(item)) continue;
      this.#takers.delete(taker);
      taker.done(item);
      return;
    }
    this.items.push(item);
  }

  /** The first item of the wanted kind, once it is there. Rejects when no more can come. */
  take(wants: (item: T) => boolean): Promise<T> {
    const index = this.items.findIndex(wants);
    const [item] = index < 0 ? [] : this.items.splice(index, 1);
    if (item !== undefined) return Promise.resolve(item);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((done, fail) => {
      this.#takers.add({ wants, done, fail });
    });
  }

  /** No more items come. */
  end(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#end.resolve(error.message);
    for (const taker of this.#takers) taker.fail(error);
    this.#takers.clear();
  }
}

/** The waits before a refused version is tried again, after a first try without one; milliseconds. */
const SECOND_WAIT = 1_000;
const LONGEST_WAIT = 300_000;

/**
 * When to try a refused version once more. A refusal may be the fault of another resource (two virtual
 * hosts with one domain), whose mending changes no byte of the one refused. So after a resource of its type
 * was changed or removed it is tried again, with growing waits, so that a hopeless one costs next to nothing.
 */
export class Retries {
  readonly #attempts = new Map<string, number>();
  readonly #due = new Map<string, number>();
  readonly #notBefore = new Map<string, number>();

  /** `key` was refused at `now`. */
  refused(key: string, now: number): void {
    const attempts = this.#attempts.get(key) ?? 0;
    this.#attempts.set(key, attempts + 1);
    const wait = attempts === 0 ? 0 : Math.min(SECOND_WAIT * 2 ** (attempts - 1), LONGEST_WAIT);
    this.#notBefore.set(key, now + wait);
    this.#due.delete(key);
  }

  /** Something that may have caused the refusal of `key` is gone. */
  invite(key: string): void {
    const notBefore = this.#notBefore.get(key);
    if (notBefore !== undefined) this.#due.set(key, notBefore);
  }

  forget(key: string): void {
    this.#attempts.delete(key);
    this.#notBefore.delete(key);
    this.#due.delete(key);
  }

  /** Keys that were refused and neither accepted nor changed since. */
  keys(): Iterable<string> {
    return this.#attempts.keys();
  }

  /** The next moment at which one is to be tried. */
  get nextAt(): number | undefined {
    let next: number | undefined;
    for (const at of this.#due.values()) next = Math.min(at, next ?? at);
    return next;
  }

  /** Takes the keys that are to be tried at `now`. */
  take(now: number): string[] {
    const keys = [...this.#due].filter(([, at]) => at <= now).map(([key]) => key);
    for (const key of keys) this.#due.delete(key);
    return keys;
  }
}

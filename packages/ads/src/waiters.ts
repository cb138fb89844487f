export interface WaitOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Promises of conditions that are tried again whenever something has happened. */
export class Waiters {
  readonly #checks = new Set<() => void>();

  /** Something has happened. */
  check(): void {
    for (const check of [...this.#checks]) check();
  }

  /** Resolves once `test` holds, at once if it does already. Rejects if `test` throws or the signal aborts. */
  until(test: () => boolean, { signal }: WaitOptions = {}): Promise<void> {
    return new Promise((done, fail) => {
      const finish = (act: () => void) => {
        this.#checks.delete(check);
        signal?.removeEventListener("abort", abort);
        act();
      };
      const abort = () => finish(() => fail(signal?.reason));
      const check = () => {
        try {
          if (test()) finish(done);
        } catch (error) {
          finish(() => fail(error));
        }
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort);
      this.#checks.add(check);
      check();
    });
  }
}

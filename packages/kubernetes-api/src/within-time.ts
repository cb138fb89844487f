/**
 * Gives up a request whose answer does not begin in time. The client's own limit does not hold for a request that it
 * has put on an HTTP/2 connection which is just ending: such a request would wait for ever. An answer that begins after it
 * was given up, or in the same moment, goes to `abandon`.
 */
export async function withinTime<T>(
  ms: number,
  outer: AbortSignal,
  send: (signal: AbortSignal) => Promise<T>,
  abandon: (answer: T) => void,
): Promise<T> {
  const late = new AbortController();
  const { promise: isLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`The API server has not answered in ${ms / 1000} s.`);
    late.abort(error);
    reject(error);
  }, ms);
  const stop = (): void => reject(outer.reason);
  outer.addEventListener("abort", stop, { once: true });
  const sent = send(AbortSignal.any([outer, late.signal]));
  try {
    return await Promise.race([sent, isLate]);
  } catch (error) {
    // Where it was the request that failed, there is nothing to abandon.
    sent.then(abandon, () => {});
    throw error;
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", stop);
  }
}

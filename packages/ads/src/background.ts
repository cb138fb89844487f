/** How many times the length of the node's last update it must be quiet before a background one is sent. */
const PAUSES = 5;
/** Nothing in the background waits longer for a quiet moment, milliseconds. */
const LONGEST = 2_000;

/**
 * When resources of little urgency may be sent to one node. An update of virtual hosts keeps Envoy busy for a time
 * that grows with their number, and the next has to wait for it: so they are sent when the urgent ones have
 * paused for some times that long, however short or long it is, or have not paused for two seconds.
 */
export class Background {
  #since: number | undefined;
  #urgentAt = Number.NEGATIVE_INFINITY;

  /** Something urgent was sent. */
  urgent(now: number): void {
    this.#urgentAt = now;
  }

  /** Something waits, or nothing does any more. */
  waits(is: boolean, now: number): void {
    this.#since = is ? (this.#since ?? now) : undefined;
  }

  /** When it may be sent, as the node's last update took so many milliseconds; undefined if nothing waits. */
  dueAt(updateMs: number): number | undefined {
    if (this.#since === undefined) return undefined;
    return Math.min(this.#since + LONGEST, this.#urgentAt + PAUSES * updateMs);
  }
}

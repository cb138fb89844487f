import type { Outcome, RateLimit } from "./store.ts";

/** Into so many slots a window is divided. More are smoother, and dearer by as many fields of a Redis hash. */
export const SLOTS = 10;

/** Allowed requests by the number of their slot, counted from the epoch. */
export type Slots = Map<number, number>;

/**
 * A sliding window: requests are counted by slots of a tenth of the window; the last ten slots count whole, the one
 * before them by the part of it that the window still covers.
 *
 * Chosen over GCRA, because under overload a window's sum is the limit to within one request, wherever the requests
 * come in, while a client may still send them all at once. GCRA lets a burst pass on top of the rate: either that is
 * small, and who sends in bursts gets less than the limit, or it is large, and the sum exceeds the limit.
 *
 * Of the last nine tenths of a window every request counts whole: no more than the limit pass in any such time.
 * `script.ts` does the same in Redis. Counts `hits` in `slots` if they pass, and drops slots that count no more.
 */
export function takeFromWindow(
  slots: Slots,
  { limit, windowMs }: Pick<RateLimit, "limit" | "windowMs">,
  hits: number,
  nowMs: number,
): Outcome {
  const slotMs = windowMs / SLOTS;
  const current = Math.floor(nowMs / slotMs);
  const covered = 1 - (nowMs - current * slotMs) / slotMs;
  let counted = 0;
  let oldest = current;
  for (const [slot, count] of slots) {
    if (slot < current - SLOTS) {
      slots.delete(slot);
      continue;
    }
    // A slot of the future (the clock was put back) counts whole, too.
    counted += slot === current - SLOTS ? count * covered : count;
    oldest = Math.min(oldest, slot);
  }
  // Rounded to the nearest: rounded up, a small limit would get less than its rate, and down, more.
  const left = limit - Math.floor(counted + 0.5);
  const allowed = hits <= left;
  if (allowed) slots.set(current, (slots.get(current) ?? 0) + hits);
  return {
    allowed,
    remaining: Math.max(0, left - (allowed ? hits : 0)),
    resetMs: slots.size === 0 ? 0 : Math.ceil((oldest + SLOTS + 1) * slotMs - nowMs),
  };
}

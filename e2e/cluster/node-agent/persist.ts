import { setTimeout as delay } from "node:timers/promises";
import { KubeApiError } from "../src/kube-api.ts";

/**
 * Sends until the API server answers: an absent or overloaded one is waited for. Resolves with whether it agreed; false
 * for a refusal that repeating would not change, such as an object that is gone or another of its name.
 */
export async function persist(send: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  for (let waitMs = 50; !signal.aborted; waitMs = Math.min(waitMs * 2, 1000)) {
    try {
      await send();
      return true;
    } catch (error) {
      if (error instanceof KubeApiError && error.status < 500 && error.status !== 429) return false;
      await delay(waitMs, undefined, { signal }).catch(() => {});
    }
  }
  return false;
}

import { setTimeout as delay } from "node:timers/promises";
import { type ActionContext, perform } from "./action.ts";
import type { Probe } from "./pod.ts";

/**
 * Probes until the signal and tells each change of the result, by the thresholds of the probe. Nothing is known before
 * the first one. `eager`: asked more often than the period while there is no success, as a kubelet does for readiness.
 */
export async function probeLoop(
  probe: Probe,
  context: ActionContext,
  signal: AbortSignal,
  onResult: (success: boolean) => void,
  eager = false,
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe;
  const thresholds = { success: probe.successThreshold ?? 1, failure: probe.failureThreshold ?? 3 };
  let told: boolean | undefined;
  let last: boolean | undefined;
  let inRow = 0;
  await pause(initialDelaySeconds * 1000, signal);
  while (!signal.aborted) {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    const success = await perform(probe, context, AbortSignal.any([signal, timeout]));
    if (signal.aborted) return;
    inRow = success === last ? inRow + 1 : 1;
    last = success;
    if (success !== told && inRow >= (success ? thresholds.success : thresholds.failure)) {
      told = success;
      onResult(success);
    }
    await pause(eager && told !== true ? 100 : periodSeconds * 1000, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => {});
}

import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { countAnswers } from "../support/shares.ts";
import { useGateway } from "../support/use-gateway.ts";

const WINDOW_S = 5;

const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cold: {},
  warm: { warmup: `${WINDOW_S}` },
  least: { warmup: `${WINDOW_S}`, "load-balance": "least_conn" },
};
const NAMES = Object.keys(HOSTS);

const shared = useGateway({
  backends: ["old", "new"],
  concurrency: 1,
  objects: ({ get }) =>
    NAMES.flatMap((name) => [
      ...service(name, [{ port: get("old").port }]),
      ingress({
        name,
        host: `${name}.example.com`,
        annotations: HOSTS[name] ?? {},
        paths: [{ path: "/", service: name }],
      }),
    ]),
});

/** The share of the new endpoint in one batch of requests. */
async function share(name: string): Promise<number> {
  const count = 60;
  const counts = await countAnswers({
    port: shared.gateway.httpPort,
    host: `${name}.example.com`,
    count,
  });
  return (counts.get("new") ?? 0) / count;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("warmup", () => {
  it("lets the share of a new endpoint grow over its window", async () => {
    // The endpoints that are there from the start are new as well.
    await pause(WINDOW_S * 1000 + 500);
    // A slice has its port in its name, so these come beside those that are there.
    const slices = NAMES.flatMap((name) => service(name, [{ port: shared.get("new").port }]).slice(1));
    await shared.gateway.apply("late.yaml", yamlOf(...slices));
    const addedAt = performance.now();
    const samples: Record<string, { at: number; share: number }[]> = {};
    for (let at = 0; at < WINDOW_S + 2; ) {
      for (const name of NAMES) {
        at = (performance.now() - addedAt) / 1000;
        const list = samples[name] ?? [];
        samples[name] = list;
        list.push({ at, share: await share(name) });
      }
      await pause(100);
    }
    const between = (name: string, from: number, to: number): number =>
      mean((samples[name] ?? []).filter(({ at }) => at >= from && at < to).map((sample) => sample.share));

    // Without warmup it has its half at once.
    expect(between("cold", 0, 1)).toBeCloseTo(0.5, 1);
    for (const [name, atMost] of [
      ["warm", 0.45],
      // What runs already counts against the old endpoint as well.
      ["least", 0.75],
    ] as const) {
      // Weights from a tenth to a fifth, against one: shares from an eleventh to a sixth.
      const first = between(name, 0, WINDOW_S / 5);
      // Weights from two to three fifths: shares of about a third.
      const middle = between(name, (2 * WINDOW_S) / 5, (3 * WINDOW_S) / 5);
      const last = between(name, WINDOW_S + 0.5, WINDOW_S + 2);
      const shares = `${name}: ${first.toFixed(2)}, ${middle.toFixed(2)}, ${last.toFixed(2)}`;
      expect(last, shares).toBeCloseTo(0.5, 1);
      expect(first / last, shares).toBeLessThan(atMost);
      expect(first, shares).toBeGreaterThan(0);
      expect(middle, shares).toBeGreaterThan(first);
      expect(middle, shares).toBeLessThan(last);
    }
  });
});

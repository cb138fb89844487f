import { Pool } from "undici";
import { expect } from "vitest";

export interface ManyRequests {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  /** Headers of all, or of each by its number from 0. */
  readonly headers?: Readonly<Record<string, string>> | ((n: number) => Readonly<Record<string, string>>);
  readonly count: number;
}

/**
 * Sends many GETs on a few kept connections and counts the answers by backend, or by status where no backend
 * answered. Rejects when a request fails.
 */
export async function countAnswers(requests: ManyRequests): Promise<ReadonlyMap<string, number>> {
  const { host, path = "/", headers = {}, count } = requests;
  const pool = new Pool(`http://127.0.0.1:${requests.port}`, { connections: 16 });
  const counts = new Map<string, number>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const own = typeof headers === "function" ? headers(n) : headers;
      const response = await pool.request({
        path,
        method: "GET",
        headers: { ...own, host, "x-echo-body-bytes": "0" },
      });
      await response.body.dump();
      const backend = response.headers["x-echo-backend"];
      const key = typeof backend === "string" ? backend : `${response.statusCode}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  await pool.close();
  return counts;
}

/** How far a count may be off by chance: a wrong alarm is rarer than 1 in a million. */
const SIGMAS = 5;

/** Expects that `got` of `count` requests are a sample of the share `share` (0 to 1). */
export function expectShare(got: number | undefined, count: number, share: number): void {
  const spread = SIGMAS * Math.sqrt(count * share * (1 - share));
  const least = Math.max(count * share - spread, count * share > 14 ? 1 : 0);
  expect(got ?? 0).toBeGreaterThanOrEqual(least);
  expect(got ?? 0).toBeLessThanOrEqual(count * share + spread);
}

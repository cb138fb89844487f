import { Agent, request as httpRequest } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** GETs at a steady rate, half on connections of their own, half on kept ones. */
export interface ClientLoop {
  /** How many have had an answer of 200. */
  answered(): number;
  /** Ends it, when all are answered. */
  stop(): Promise<{ readonly failures: readonly string[]; readonly keptAlive: number }>;
}

export interface ClientLoopOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** The Host header. */
  readonly host?: string;
  readonly perSecond: number;
}

/**
 * Clients that obey `Connection: close`, as real ones do. A kept connection that was closed while it was idle makes Node
 * fail a request that just began on it: that counts as a failure, no request is sent twice.
 */
export function clientLoop({
  port,
  address = "127.0.0.1",
  host = "loop",
  perSecond,
}: ClientLoopOptions): ClientLoop {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const failures: string[] = [];
  const flying = new Set<Promise<void>>();
  let [answered, keptAlive, stopping] = [0, 0, false];

  const send = (kept: boolean): void => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const fail = (words: string): void => void failures.push(`${kept ? "kept" : "new"}: ${words}`);
    const asked = httpRequest({ port, host: address, headers: { host }, agent: kept ? agent : false });
    asked.setTimeout(30_000, () => asked.destroy(new Error("no answer in 30 s")));
    asked.on("error", ({ message }) => {
      fail(message);
      resolve();
    });
    asked.on("response", (response) => {
      if (asked.reusedSocket) keptAlive++;
      if (response.statusCode === 200) answered++;
      else fail(`status ${response.statusCode}`);
      response.on("close", resolve).resume();
    });
    asked.end();
    flying.add(promise);
    void promise.then(() => flying.delete(promise));
  };
  const loop = async (): Promise<void> => {
    const startedAt = performance.now();
    for (let sent = 0; !stopping; await pause(5)) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
      for (; sent < due; sent++) send(sent % 2 === 0);
    }
    await Promise.all(flying);
    agent.destroy();
  };
  const done = loop();
  return {
    answered: () => answered,
    async stop() {
      stopping = true;
      await done;
      return { failures, keptAlive };
    },
  };
}

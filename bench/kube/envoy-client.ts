import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import type { Scheme } from "./world.ts";

export interface Answer {
  readonly status: number;
  /** Name of the backend that answered. */
  readonly backend: string | undefined;
}

export interface EnvoyClient {
  get(scheme: Scheme, host: string, path: string): Promise<Answer>;
  /** Asks again and again until `wanted` holds; an error of the connection counts as no answer. */
  until(scheme: Scheme, host: string, path: string, wanted: (answer: Answer) => boolean): Promise<void>;
  close(): void;
}

/** So that waiting for a change takes little of the processors that make it. */
const PAUSE_MS = 2;
const GIVE_UP_MS = 120_000;

/** Requests through Envoy on kept connections. */
export function envoyClient(ports: Readonly<Record<Scheme, number>>): EnvoyClient {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 16 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 4 }),
  };
  const get: EnvoyClient["get"] = (scheme, host, path) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const common = { host: "127.0.0.1", port: ports[scheme], path, headers: { host }, agent: agents[scheme] };
    const outgoing =
      scheme === "http"
        ? httpRequest(common)
        : httpsRequest({ ...common, servername: host, rejectUnauthorized: false });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      const name = response.headers["x-backend"];
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          backend: typeof name === "string" ? name : undefined,
        }),
      );
      response.resume();
    });
    outgoing.end();
    return promise;
  };
  return {
    get,
    async until(scheme, host, path, wanted) {
      const start = performance.now();
      for (;;) {
        const answer = await get(scheme, host, path).catch(() => undefined);
        if (answer !== undefined && wanted(answer)) return;
        if (performance.now() - start > GIVE_UP_MS)
          throw new Error(
            `${scheme}://${host}${path} still answers ${JSON.stringify(answer)} after ${GIVE_UP_MS / 1000} s`,
          );
        await pause(PAUSE_MS);
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

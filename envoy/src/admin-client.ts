import { request } from "node:http";
import { parseAddress } from "./address.ts";

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/** Envoy's admin interface. */
export interface AdminClient {
  get(path: string): Promise<AdminAnswer>;
  post(path: string): Promise<AdminAnswer>;
}

/**
 * A client of the admin interface at `unix:PATH` or `HOST:PORT`. Each call is a connection of its own and rejects
 * when nothing listens, or after `timeoutMs`.
 */
export function adminClient(address: string, timeoutMs = 5_000): AdminClient {
  const at = parseAddress(address);
  const target = at.kind === "unix" ? { socketPath: at.path } : { host: at.host, port: at.port };
  const call = (method: "GET" | "POST", path: string) =>
    new Promise<AdminAnswer>((resolve, reject) => {
      const sent = request(
        // Envoy refuses a request without a host, and closes nothing by itself.
        {
          ...target,
          method,
          path,
          agent: false,
          headers: { host: "admin" },
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (text: string) => {
            body += text;
          });
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
          response.on("error", reject);
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  return { get: (path) => call("GET", path), post: (path) => call("POST", path) };
}

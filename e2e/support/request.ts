import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { EchoAnswer } from "@sluice/echo-backend";
import { recordRequests } from "./record-exercised.ts";

export interface TestRequest {
  /** Host header, and SNI on https. */
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  readonly https?: boolean;
  /** SNI when it differs from `host`; `""`: none. */
  readonly servername?: string;
  /** Certificate and key that the client shows. */
  readonly client?: { readonly chain: string; readonly key: string };
  /** Address that the client comes from. */
  readonly localAddress?: string;
}

/** What the echo backend saw, as its answer's body tells. */
export type Seen = EchoAnswer;

export interface TestResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as the echo backend's description; throws if an answer did not come from it. */
  seen(): Seen;
}

/** Sends one HTTP/1.1 request through the gateway, on a connection of its own. Redirects are not followed. */
export async function send(
  request: TestRequest,
  ports: { readonly httpPort: number; readonly httpsPort: number },
): Promise<TestResponse> {
  recordRequests(request.host);
  const { promise, resolve, reject } = Promise.withResolvers<TestResponse>();
  const common = {
    host: "127.0.0.1",
    path: request.path ?? "/",
    method: request.method ?? "GET",
    // Arrays are sent as repeated headers; node copies them.
    headers: { ...(request.headers as Record<string, string | string[]>), host: request.host },
    agent: false as const,
    ...(request.localAddress === undefined ? {} : { localAddress: request.localAddress }),
  };
  const outgoing = request.https
    ? httpsRequest({
        ...common,
        port: ports.httpsPort,
        servername: request.servername ?? request.host.replace(/:\d+$/, ""),
        rejectUnauthorized: false,
        ...(request.client === undefined ? {} : { cert: request.client.chain, key: request.client.key }),
      })
    : httpRequest({ ...common, port: ports.httpPort });
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body,
        // The echo backend answers JSON of this shape.
        seen: () => JSON.parse(body) as Seen,
      });
    });
  });
  outgoing.end(request.body);
  return promise;
}

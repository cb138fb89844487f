import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { EchoAnswer } from "@sluice/echo-backend";
import { recordRequests } from "./record-exercised.ts";

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
  seen(): EchoAnswer;
}

/** An HTTP/2 connection: over TLS with this SNI, or without TLS by prior knowledge. */
export function http2Session(target: {
  port: number;
  servername?: string;
  /** Certificate and key that the client shows. */
  client?: { readonly chain: string; readonly key: string };
}): ClientHttp2Session {
  const { port, servername, client } = target;
  const session =
    servername === undefined
      ? connect(`http://127.0.0.1:${port}`)
      : connect(`https://127.0.0.1:${port}`, {
          servername,
          rejectUnauthorized: false,
          ...(client === undefined ? {} : { cert: client.chain, key: client.key }),
        });
  // Streams tell of errors themselves.
  session.on("error", () => {});
  return session;
}

/** One request on a connection. Rejects when its stream is reset. */
export function http2Request(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<Http2Answer> {
  recordRequests(String(headers[":authority"] ?? headers.host ?? ""));
  const { promise, resolve, reject } = Promise.withResolvers<Http2Answer>();
  const stream = session.request(headers, { endStream: body === undefined });
  let [answered, trailers]: IncomingHttpHeaders[] = [{}, {}];
  const chunks: Buffer[] = [];
  stream.on("response", (received) => {
    answered = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", reject);
  stream.on("end", () => {
    const text = Buffer.concat(chunks).toString("latin1");
    resolve({
      status: Number(answered?.[":status"]),
      headers: answered ?? {},
      trailers: trailers ?? {},
      body: text,
      // The echo backend answers JSON of this shape.
      seen: () => JSON.parse(text) as EchoAnswer,
    });
  });
  if (body !== undefined) stream.end(body);
  return promise;
}

import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Connection, TlsFacts } from "./connection.ts";

/** How much of a request's body is kept for the answer; all of it is read and counted. */
const MAX_BODY = 64 * 1024;

/** What the backend saw of a request: the body of an ordinary answer, and the first message of a WebSocket. */
export interface EchoAnswer {
  readonly backend: string;
  readonly method: string;
  /** With the query, as it arrived. */
  readonly path: string;
  readonly httpVersion: "1.0" | "1.1" | "2.0";
  /** The `host` header, or `:authority`. */
  readonly host: string;
  /** Names in lower case; several of one name are joined by a comma and a space. Without pseudo-headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Each header by itself and in order, names as they arrived. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  /** As UTF-8, at most 64 KiB of it. */
  readonly body: string;
  readonly bodyBytes: number;
  /** Unique among the connections of one backend. */
  readonly connectionId: number;
  /** Which request on its connection this is, from 1. */
  readonly requestsOnConnection: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Absent on plain text. */
  readonly tls?: TlsFacts;
}

export interface Body {
  readonly text: string;
  readonly bytes: number;
}

/** Reads a body to its end. Rejects when the client goes away before. */
export async function readBody(request: IncomingMessage | Http2ServerRequest): Promise<Body> {
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    // Neither kind of request has an encoding set, so its chunks are buffers.
    const data = chunk as Buffer;
    if (bytes < MAX_BODY) kept.push(data.subarray(0, MAX_BODY - bytes));
    bytes += data.length;
  }
  return { text: Buffer.concat(kept).toString("utf8"), bytes };
}

/** Describes a request. */
export function describe(
  backend: string,
  request: IncomingMessage | Http2ServerRequest,
  connection: Connection,
  body: Body,
): EchoAnswer {
  const rawHeaders = headerPairs(request.rawHeaders);
  const headers: Record<string, string> = {};
  for (const [name, value] of rawHeaders) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const authority = request.headers[":authority"];
  return {
    backend,
    method: request.method ?? "",
    path: request.url ?? "",
    httpVersion: request.httpVersion === "2.0" ? "2.0" : request.httpVersion === "1.0" ? "1.0" : "1.1",
    host: headers.host ?? (typeof authority === "string" ? authority : ""),
    headers,
    rawHeaders,
    body: body.text,
    bodyBytes: body.bytes,
    connectionId: connection.id,
    requestsOnConnection: connection.requests,
    remoteAddress: connection.remoteAddress,
    remotePort: connection.remotePort,
    ...(connection.tls && { tls: connection.tls }),
  };
}

function headerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    if (!name.startsWith(":")) pairs.push([name, raw[at + 1] ?? ""]);
  }
  return pairs;
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import type { Controls } from "./controls.ts";
import { describe, readBody } from "./description.ts";

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

const FILLER = Buffer.alloc(16 * 1024, "x");

export interface Exchange {
  readonly backend: string;
  readonly request: Request;
  readonly response: Response;
  readonly connection: Connection;
  readonly controls: Controls;
  /** Aborted when the backend closes, which ends what would go on for ever. */
  readonly closing: AbortSignal;
}

/** Answers one request as its controls ask. Rejects when the client goes away. */
export async function respond(exchange: Exchange): Promise<void> {
  const { backend, request, response, connection, controls, closing } = exchange;
  const body = await readBody(request);
  if (controls.delayMs > 0) await delay(controls.delayMs);
  if (controls.reset === "before") {
    cut(exchange);
    return;
  }
  response.statusCode = controls.status;
  response.setHeader("x-echo-backend", backend);
  for (const [name, value] of controls.headers) appendHeader(response, name, value);
  // The client learns that this connection is at its end; HTTP/2 has GOAWAY for it.
  if (closing.aborted && request.httpVersion !== "2.0") response.setHeader("connection", "close");

  if (controls.streamMs !== undefined) return streamLines(exchange, controls.streamMs);
  const text = Buffer.from(`${JSON.stringify(describe(backend, request, connection, body))}\n`);
  const length = controls.bodyBytes ?? text.length;
  if (controls.bodyBytes === undefined && !response.hasHeader("content-type")) {
    response.setHeader("content-type", "application/json");
  }
  if (allowsBody(controls.status)) response.setHeader("content-length", length);
  if (controls.reset === "during") {
    await write(response, FILLER.subarray(0, Math.floor(length / 2)));
    cut(exchange);
    return;
  }
  if (controls.bodyBytes !== undefined) await writeFiller(response, length);
  await end(response, controls.bodyBytes === undefined && allowsBody(controls.status) ? text : undefined);
}

function allowsBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

/** On HTTP/2 the stream alone, as the connection carries others. */
function cut({ request, connection }: Exchange): void {
  if ("stream" in request) request.stream.destroy();
  else connection.socket.resetAndDestroy();
}

function appendHeader(response: Response, name: string, value: string): void {
  const present = response.getHeader(name);
  if (present === undefined) response.setHeader(name, value);
  else response.setHeader(name, [...(Array.isArray(present) ? present : [String(present)]), value]);
}

async function writeFiller(response: Response, length: number): Promise<void> {
  for (let left = length; left > 0; left -= FILLER.length) {
    await write(response, FILLER.subarray(0, Math.min(left, FILLER.length)));
  }
}

async function streamLines({ backend, response, closing }: Exchange, everyMs: number): Promise<void> {
  response.setHeader("content-type", "application/x-ndjson");
  for (let line = 1; !closing.aborted; line++) {
    await write(response, Buffer.from(`${JSON.stringify({ backend, line })}\n`));
    await delay(everyMs, undefined, { signal: closing }).catch(() => {});
  }
  await end(response);
}

/** Resolves when the bytes are out of our hands. Rejects when the client is gone. */
function write(response: Response, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed || response.writableEnded) return reject(new Error("the client is gone"));
    const gone = () => reject(new Error("the client is gone"));
    response.once("close", gone);
    // The two kinds of response declare `write` differently; both take bytes and a callback.
    (response as ServerResponse).write(data, (error) => {
      response.off("close", gone);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Resolves when the answer is whole, or its client gone. */
function end(response: Response, data?: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.once("finish", resolve);
    if (data === undefined) response.end();
    else response.end(data);
  });
}

import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import type { Controls } from "./controls.ts";

/** Whether a request is a gRPC call, by its content type (`application/grpc`, `application/grpc+proto`). */
export function isGrpc(request: {
  readonly headers: { readonly "content-type"?: string | undefined };
}): boolean {
  return /^application\/grpc($|[+;])/.test(request.headers["content-type"] ?? "");
}

/**
 * Echoes a gRPC call of any method and kind: length-prefixed messages go back as they come, so unary and streaming
 * calls are alike, and the status is in the trailers (or alone, when it is not 0), as gRPC over HTTP/2 has it.
 * Resolves when the call has ended.
 */
export async function answerGrpc(
  backend: string,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  controls: Controls,
): Promise<void> {
  const { stream } = request;
  const ended = new Promise<void>((resolve) => {
    stream.once("close", resolve);
  });
  if (controls.delayMs > 0) await delay(controls.delayMs);
  if (stream.destroyed) return ended;
  if (controls.reset === "before") {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return ended;
  }
  const headers = {
    "content-type": "application/grpc",
    "x-echo-backend": backend,
    ...Object.fromEntries(controls.headers),
  };
  if (controls.grpcStatus !== 0) {
    const status = { "grpc-status": String(controls.grpcStatus), "grpc-message": "asked for" };
    stream.respond({ ":status": 200, ...headers, ...status }, { endStream: true });
    stream.resume();
    return ended;
  }
  response.writeHead(200, headers);
  response.addTrailers({ "grpc-status": "0" });
  request.pipe(response);
  return ended;
}

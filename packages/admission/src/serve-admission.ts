import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { AdmissionError } from "./admission-error.ts";
import {
  type AdmissionRequest,
  type AdmissionVerdict,
  parseReview,
  reviewResponse,
} from "./admission-review.ts";
import { FILES_EVERY_MS, followTlsFiles, readTlsFiles, type TlsFiles } from "./tls-files.ts";

export interface AdmissionOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly address: string;
  readonly tls: TlsFiles;
  /**
   * Judges an object; `undefined`: it cannot be judged yet, which is answered with 503. An exception is a bug: the call is
   * answered with 500. What the API server does after either, the failure policy says.
   */
  readonly judge: (
    request: AdmissionRequest,
  ) => AdmissionVerdict | undefined | Promise<AdmissionVerdict | undefined>;
  readonly onError: (error: unknown) => void;
  /** How often the files are looked at for changes, milliseconds; default 5,000. */
  readonly filesEveryMs?: number;
  /** Called after each answered review. */
  readonly onAnswer?: (answer: { readonly allowed: boolean; readonly milliseconds: number }) => void;
}

export interface AdmissionServer {
  /** `https://HOST:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

/** The path of the webhook. */
export const ADMISSION_PATH = "/validate";
/** The largest object that etcd takes is 1.5 MiB; a review holds its old form as well. */
const MAX_BODY = 8 * 1024 * 1024;
const PATIENCE_MS = 10_000;

/**
 * Serves a validating admission webhook to clients with a certificate of the given CA, and to nobody else: whoever could ask
 * could learn what other tenants have (CVE-2025-1974 began with an open one). Throws an {@link AdmissionError} if the files
 * cannot be used, or the address cannot be bound.
 */
export async function serveAdmission(options: AdmissionOptions): Promise<AdmissionServer> {
  const { address, tls, onError } = options;
  const server = createServer(
    { ...readTlsFiles(tls), requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.2" },
    (request, response) => void answer(request, response, options),
  );
  server.requestTimeout = PATIENCE_MS;
  server.headersTimeout = PATIENCE_MS;
  const port = await listen(server, address);
  const stop = followTlsFiles(
    tls,
    (material) => server.setSecureContext(material),
    onError,
    options.filesEveryMs ?? FILES_EVERY_MS,
  );
  const { host } = splitAddress(address);
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async close() {
      stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
      await closed;
      clearTimeout(late);
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { judge, onError, onAnswer }: AdmissionOptions,
): Promise<void> {
  const start = performance.now();
  const end = (status: number, body: string, type = "text/plain"): void => {
    response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff" }).end(body);
  };
  try {
    const { pathname } = new URL(request.url ?? "/", "https://localhost");
    if (pathname !== ADMISSION_PATH) return end(404, `The webhook is ${ADMISSION_PATH}.\n`);
    if (request.method !== "POST") return end(405, "POST an AdmissionReview.\n");
    const body = await readBody(request);
    if (body === undefined) return end(413, "The review is too large.\n");
    const review = parseReview(body);
    if (review === undefined) return end(400, "This is no AdmissionReview of admission.k8s.io/v1.\n");
    const verdict = await judge(review);
    if (verdict === undefined) return end(503, "The control plane does not know the other objects yet.\n");
    end(200, JSON.stringify(reviewResponse(review.uid, verdict)), "application/json");
    onAnswer?.({ allowed: verdict.denied === undefined, milliseconds: performance.now() - start });
  } catch (error) {
    // A client that goes away in the middle of its request is no fault of ours.
    if (request.destroyed && !request.complete) return;
    onError(error);
    if (!response.headersSent) end(500, "The object could not be judged; see the log of the controller.\n");
  }
}

/** The body as text; undefined if it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // A request without an encoding is a stream of buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

async function listen(server: Server, address: string): Promise<number> {
  const { host, port } = splitAddress(address);
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(port, host, listening.resolve);
  await listening.promise.catch((cause) => {
    throw new AdmissionError(
      `The webhook cannot be served on ${address}: ${String(cause)}`,
      "Choose another address with --admission-address HOST:PORT.",
      { cause },
    );
  });
  // A TCP server has an address object while it listens.
  return (server.address() as AddressInfo).port;
}

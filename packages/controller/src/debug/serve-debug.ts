import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { OperatorError } from "../operator-error.ts";
import { type AnswerOptions, answerRequest } from "./http/answer-request.ts";
import type { Page, ProcessTarget } from "./page.ts";
import { PAGES } from "./pages/index.ts";

export interface DebugServer {
  /** `http://HOST:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface DebugOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly address: string;
  readonly gateway: ProcessTarget;
  /** What is served there. Default: all pages. */
  readonly pages?: readonly Page[];
  /** Called with an exception of a page, which is a bug. Absent: it goes to standard error. */
  readonly onError?: (error: unknown, path: string) => void;
}

/** Serves the debug pages, health and metrics. Throws an {@link OperatorError} if the address cannot be bound. */
export async function serveDebug({
  address,
  gateway,
  pages = PAGES,
  onError = printError,
}: DebugOptions): Promise<DebugServer> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  const options: AnswerOptions = {
    pages,
    target: gateway,
    host,
    onError(error, path) {
      gateway.metrics.failed("debug-page");
      onError(error, path);
    },
  };
  const server = createServer((request, response) => void answerRequest(request, response, options));
  const port = await listen(server, host, Number(address.slice(colon + 1)));
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(port, host, listening.resolve);
  await listening.promise.catch((cause) => {
    throw new OperatorError("listen", `The address ${host}:${port} cannot be bound: ${String(cause)}`, {
      cause,
      hint: "Choose another one with --debug-address or --probe-address HOST:PORT.",
    });
  });
  // A TCP server has an address object while it listens.
  return (server.address() as AddressInfo).port;
}

function printError(error: unknown, path: string): void {
  console.error(`The debug page ${path} failed:`, error);
}

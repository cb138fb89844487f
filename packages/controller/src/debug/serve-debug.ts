import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Gateway } from "../gateway/gateway.ts";
import { OperatorError } from "../operator-error.ts";

export interface DebugServer {
  /** `http://HOST:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface DebugOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly address: string;
  readonly gateway: Gateway;
}

/** Serves the debug pages, health and metrics. Throws an {@link OperatorError} if the address cannot be bound. */
export async function serveDebug({ address, gateway }: DebugOptions): Promise<DebugServer> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  const server = createServer((request, response) => {
    const ready = gateway.store.isSynced();
    if (request.url === "/healthz") response.end("ok\n");
    else if (request.url === "/readyz")
      response.writeHead(ready ? 200 : 503).end(ready ? "ok\n" : "not synced\n");
    else response.writeHead(404).end("not found\n");
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(Number(address.slice(colon + 1)), host, listening.resolve);
  await listening.promise.catch((cause) => {
    throw new OperatorError("listen", `The debug address ${address} cannot be bound: ${String(cause)}`, {
      cause,
      hint: "Choose another one with --debug-address HOST:PORT.",
    });
  });
  // A TCP server has an address object while it listens.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

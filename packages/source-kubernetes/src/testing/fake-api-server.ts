import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";

/** A request that the test answers. */
export interface Asked {
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  /** Resolves when the client has let go of it. */
  readonly closed: Promise<void>;
  /** Answers with a list, or one page of it. */
  list(items: readonly object[], version: string, next?: string): void;
  json(body: object): void;
  /** Answers with a Status object. */
  fail(status: number, message?: string, headers?: Readonly<Record<string, string>>): void;
  /** Agrees to a watch. Events and raw text do so by themselves. */
  accept(): void;
  event(type: string, object: object): void;
  raw(text: string | Uint8Array): void;
  end(): void;
  /** Breaks the connection. */
  reset(): void;
}

/**
 * A fake: an HTTP server that speaks as an API server does, and does only what the test says. It is for what a real one
 * cannot be brought to do on demand. Paths that no test has claimed have empty lists and silent watches.
 */
export interface FakeApiServer {
  readonly kubeConfig: KubeConfig;
  /** From now on the test answers requests for the path. */
  claim(path: string): { next(): Promise<Asked> };
  /** Paths with their query, in the order of the requests. */
  readonly log: readonly string[];
  /** Stops listening and breaks all connections. */
  stop(): Promise<void>;
  /** Listens again at the same port. */
  start(): Promise<void>;
}

export async function fakeApiServer(): Promise<FakeApiServer> {
  const claimed = new Map<string, Queue<Asked>>();
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    log.push(`${url.pathname}${url.search}`);
    const asked = askedOf(request, response, Object.fromEntries(url.searchParams));
    const queue = claimed.get(url.pathname);
    if (queue !== undefined) queue.put(asked);
    else if (asked.query.watch === "1") asked.accept();
    else asked.list([], "1");
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  let port = 0;
  const start = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(port, "127.0.0.1", resolve);
    await promise;
    // A listening TCP server has an address object.
    port = (server.address() as AddressInfo).port;
  };
  await start();
  return {
    kubeConfig: kubeConfigOf(`http://127.0.0.1:${port}`, "token-1"),
    claim(path) {
      const queue = createQueue<Asked>();
      claimed.set(path, queue);
      return { next: queue.take };
    },
    log,
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      await promise;
    },
    start,
  };
}

/** A kubeconfig for a server, with a bearer token. */
export function kubeConfigOf(server: string, token: string): KubeConfig {
  const config = new KubeConfig();
  // Plain HTTP is only let through if certificates are not checked.
  config.loadFromClusterAndUser({ name: "fake", server, skipTLSVerify: true }, { name: "tester", token });
  return config;
}

function askedOf(
  request: IncomingMessage,
  response: ServerResponse,
  query: Readonly<Record<string, string>>,
): Asked {
  const closed = Promise.withResolvers<void>();
  response.on("close", () => closed.resolve());
  const begin = (status: number, headers: Readonly<Record<string, string>> = {}): void => {
    if (!response.headersSent)
      response.writeHead(status, { "content-type": "application/json", ...headers }).flushHeaders();
  };
  const json = (body: object, status = 200, headers: Readonly<Record<string, string>> = {}): void => {
    begin(status, headers);
    response.end(JSON.stringify(body));
  };
  const raw = (text: string | Uint8Array): void => {
    begin(200);
    response.write(text);
  };
  return {
    query,
    headers: request.headers,
    closed: closed.promise,
    list: (items, version, next) =>
      json({
        kind: "List",
        metadata: { resourceVersion: version, ...(next === undefined ? {} : { continue: next }) },
        items,
      }),
    json: (body) => json(body),
    fail: (status, message = `fake error ${status}`, headers = {}) =>
      json({ kind: "Status", code: status, message }, status, headers),
    accept: () => begin(200),
    event: (type, object) => raw(`${JSON.stringify({ type, object })}\n`),
    raw,
    end: () => response.end(),
    reset: () => request.socket.destroy(),
  };
}

interface Queue<T> {
  put(item: T): void;
  take(): Promise<T>;
}

function createQueue<T>(): Queue<T> {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    put(item) {
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    take() {
      const item = items.shift();
      return item === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(item);
    },
  };
}

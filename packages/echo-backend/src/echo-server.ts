import { createServer as createHttp1, type IncomingMessage } from "node:http";
import {
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { createServer as createTls, type TlsOptions } from "node:tls";
import { type WebSocket, WebSocketServer } from "ws";
import { type Connection, endWhenIdle, newConnection } from "./connection.ts";
import { parseControls } from "./controls.ts";
import { describe } from "./description.ts";
import { answerGrpc, isGrpc } from "./grpc.ts";
import { type Request, type Response, respond } from "./respond.ts";
import { sniff } from "./sniff.ts";
import { countTries } from "./tries.ts";

export interface EchoOptions {
  /** What it calls itself in its answers. */
  readonly name: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: the kernel chooses. */
  readonly port?: number;
  /**
   * PEM texts. With them the port speaks TLS, with ALPN for HTTP/2 and HTTP/1.1. With a `clientCa` clients must show a
   * certificate of it.
   */
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    readonly clientCa?: string;
    readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  };
}

export interface EchoCounts {
  readonly connections: number;
  readonly openConnections: number;
  /** HTTP requests and gRPC calls, of which `activeRequests` are not answered to their end. */
  readonly requests: number;
  readonly activeRequests: number;
  readonly grpcCalls: number;
  readonly webSockets: number;
  readonly openWebSockets: number;
}

export interface EchoBackend {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  counts(): EchoCounts;
  /** Takes no more, answers what it has, says goodbye to WebSockets (1001), ends its streams; resolves when all is quiet. */
  close(): Promise<void>;
  /** Ends like a process that is killed: every connection is cut. */
  kill(): Promise<void>;
}

interface State {
  readonly name: string;
  readonly connections: Set<Connection>;
  readonly closing: AbortController;
  readonly webSockets: Set<WebSocket>;
  readonly nextTry: (request: string) => number;
  readonly totals: {
    connections: number;
    requests: number;
    active: number;
    grpcCalls: number;
    webSockets: number;
  };
}

/** Starts a backend; resolves when it listens. Rejects when it cannot (the port is taken). */
export async function startEcho(options: EchoOptions): Promise<EchoBackend> {
  const state: State = {
    name: options.name,
    connections: new Set(),
    closing: new AbortController(),
    webSockets: new Set(),
    nextTry: countTries(),
    totals: { connections: 0, requests: 0, active: 0, grpcCalls: 0, webSockets: 0 },
  };
  const http1 = http1Handler(state);
  const http2 = http2Handler(state);
  const accept = (socket: Socket) => {
    const connection = newConnection(++state.totals.connections, socket);
    state.connections.add(connection);
    socket.once("close", () => state.connections.delete(connection));
    // A client that goes away is no event here; whoever waits for it hears of the close.
    socket.on("error", () => {});
    socket.setNoDelay(true);
    sniff(socket, (isHttp2) => (isHttp2 ? http2 : http1)(connection));
  };
  const server = options.tls ? createTls(tlsOptions(options.tls), accept) : createTcp(accept);
  const address = await listen(server, options);
  return {
    name: options.name,
    host: address.address,
    port: address.port,
    counts: () => counts(state),
    close: () => close(server, state),
    kill: () => kill(server, state),
  };
}

function tlsOptions({ clientCa, ...tls }: NonNullable<EchoOptions["tls"]>): TlsOptions {
  return {
    ...tls,
    ALPNProtocols: ["h2", "http/1.1"],
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

function listen(server: Server, { host, port }: EchoOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: host ?? "127.0.0.1", port: port ?? 0, backlog: 1024 }, () => {
      server.off("error", reject);
      // A server that listens on a port has an address of this kind.
      resolve(server.address() as AddressInfo);
    });
  });
}

function http1Handler(state: State): (connection: Connection) => void {
  // No timeouts of its own: who closes a connection first must be the test's doing.
  const server = createHttp1({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  const owners = new WeakMap<Socket, Connection>();
  server.on("request", (request, response) => {
    const connection = owners.get(request.socket);
    if (connection !== undefined) handle(state, connection, request, response);
  });
  const webSockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = owners.get(socket);
      if (connection !== undefined) greet(state, connection, webSocket, request);
    });
  });
  return (connection) => {
    owners.set(connection.socket, connection);
    server.emit("connection", connection.socket);
  };
}

function http2Handler(state: State): (connection: Connection) => void {
  const server = createHttp2({ settings: { maxConcurrentStreams: 1000 } });
  const owners = new WeakMap<object, Connection>();
  server.on("request", (request, response) => {
    const connection = owners.get(request.stream.session ?? request);
    if (connection !== undefined) handle(state, connection, request, response);
  });
  return (connection) => {
    // The server makes the session while it takes the socket, so the next session is this connection's.
    server.once("session", (session: ServerHttp2Session) => {
      owners.set(session, connection);
      connection.session = session;
      session.on("error", () => {});
      if (state.closing.signal.aborted) session.close();
    });
    server.emit("connection", connection.socket);
  };
}

/** Counts a request in and, however it ends, out. */
async function handle(
  state: State,
  connection: Connection,
  request: Request,
  response: Response,
): Promise<void> {
  connection.requests++;
  connection.active++;
  state.totals.requests++;
  state.totals.active++;
  // A client that went away is the only way to fail, and needs no answer.
  await answer(state, connection, request, response).catch(() => {});
  connection.active--;
  state.totals.active--;
  if (state.closing.signal.aborted) endWhenIdle(connection);
}

async function answer(
  state: State,
  connection: Connection,
  request: Request,
  response: Response,
): Promise<void> {
  const query = queryOf(request.url ?? "");
  const asked = parseControls(request.rawHeaders, query);
  const id = String(request.headers["x-request-id"] ?? request.url);
  const succeeds = asked.failFirst !== undefined && state.nextTry(id) > asked.failFirst;
  const controls = succeeds ? { ...asked, status: 200, reset: undefined } : asked;
  if (isHttp2(request) && isGrpc(request)) {
    state.totals.grpcCalls++;
    // Requests and responses of one server are of one kind.
    await answerGrpc(state.name, request, response as Http2ServerResponse, controls);
    return;
  }
  await respond({
    backend: state.name,
    request,
    response,
    connection,
    controls,
    closing: state.closing.signal,
  });
}

/** Not by way of URL, to which a path that starts with two slashes is a host. */
function queryOf(target: string): URLSearchParams {
  const mark = target.indexOf("?");
  return new URLSearchParams(mark === -1 ? "" : target.slice(mark));
}

function isHttp2(request: Request): request is Http2ServerRequest {
  return "stream" in request;
}

/** A WebSocket: first what the backend saw, as for any request, then everything back as it comes. */
function greet(state: State, connection: Connection, webSocket: WebSocket, request: IncomingMessage): void {
  connection.requests++;
  connection.active++;
  state.totals.webSockets++;
  state.webSockets.add(webSocket);
  webSocket.on("error", () => {});
  webSocket.on("close", () => {
    connection.active--;
    state.webSockets.delete(webSocket);
  });
  webSocket.send(JSON.stringify(describe(state.name, request, connection, { text: "", bytes: 0 })));
  webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
}

function counts({ totals, connections, webSockets }: State): EchoCounts {
  return {
    connections: totals.connections,
    openConnections: connections.size,
    requests: totals.requests,
    activeRequests: totals.active,
    grpcCalls: totals.grpcCalls,
    webSockets: totals.webSockets,
    openWebSockets: webSockets.size,
  };
}

async function close(server: Server, state: State): Promise<void> {
  const gone = allGone(server, state);
  state.closing.abort();
  for (const webSocket of state.webSockets) webSocket.close(1001, "the backend closes");
  for (const connection of state.connections) endWhenIdle(connection);
  await gone;
}

async function kill(server: Server, state: State): Promise<void> {
  const gone = allGone(server, state);
  state.closing.abort();
  for (const { socket } of state.connections) socket.destroy();
  await gone;
}

/** Ends listening; resolves when the listener and all its connections are gone. Closing twice is no error. */
async function allGone(server: Server, state: State): Promise<void> {
  const sockets = [...state.connections].map(
    ({ socket }) => new Promise((resolve) => socket.once("close", resolve)),
  );
  await Promise.all([new Promise((resolve) => server.close(resolve)), ...sockets]);
}

import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** A client's connection and how it is used. */
export interface Connection {
  readonly id: number;
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly tls: { readonly servername: string; readonly alpn: string } | undefined;
  /** Requests so far, WebSockets and gRPC calls among them. */
  requests: number;
  /** Requests that are not answered to their end. */
  active: number;
  session: ServerHttp2Session | undefined;
}

/** The connection of a socket that was just accepted (on TLS: whose handshake is done). */
export function newConnection(id: number, socket: Socket): Connection {
  const tls = socket instanceof TLSSocket;
  return {
    id,
    socket,
    // Taken at once, for a closed socket has no addresses.
    remoteAddress: socket.remoteAddress ?? "",
    remotePort: socket.remotePort ?? 0,
    tls: tls ? { servername: textOr(socket.servername), alpn: textOr(socket.alpnProtocol) } : undefined,
    requests: 0,
    active: 0,
    session: undefined,
  };
}

function textOr(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Ends a connection on which nothing is in flight; HTTP/2 is told that it ends, and does when its streams have. */
export function endWhenIdle(connection: Connection): void {
  if (connection.session !== undefined) connection.session.close();
  else if (connection.active === 0) connection.socket.end();
}

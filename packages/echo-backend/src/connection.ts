import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** What the client said on a TLS connection. */
export interface TlsFacts {
  readonly servername: string;
  readonly alpn: string;
  /** As `TLSv1.3`. */
  readonly version: string;
  /** OpenSSL's name. */
  readonly cipher: string;
  /** Common name of the client's certificate, if it has shown one. */
  readonly client?: string;
}

/** A client's connection and how it is used. */
export interface Connection {
  readonly id: number;
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly tls: TlsFacts | undefined;
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
    tls: tls ? tlsFacts(socket) : undefined,
    requests: 0,
    active: 0,
    session: undefined,
  };
}

function tlsFacts(socket: TLSSocket): TlsFacts {
  const client = socket.getPeerCertificate()?.subject?.CN;
  return {
    servername: textOr(socket.servername),
    alpn: textOr(socket.alpnProtocol),
    version: textOr(socket.getProtocol()),
    cipher: socket.getCipher().name,
    ...(typeof client === "string" && { client }),
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

import { constants } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer, type SecureContextOptions, type TLSSocket } from "node:tls";
import { type Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { readPeer, refusePeer } from "./peer.ts";

/** What a server shows and whom it trusts, in PEM. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  /** Certificates of authorities, one each; a client's is signed by one of them directly. */
  readonly authorities: readonly string[];
}

/** A server's identity, which may change at any time. */
export interface TlsSource {
  /** `undefined`: there is none yet, and nobody is let in. */
  current(): TlsIdentity | undefined;
  /** Calls the listener after each change. Returns what ends it. */
  onChange(listener: () => void): () => void;
}

/** A connection that was not let in. */
export interface RefusedHandshake {
  /** The client's IP address; empty if it was gone already. */
  readonly from: string;
  /** A code of OpenSSL or Node, as `CERT_HAS_EXPIRED`; one of few. */
  readonly reason: string;
}

export interface TlsListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly source: TlsSource;
  readonly onRefused: (refused: RefusedHandshake) => void;
  /** The certificate with this fingerprint is not good any more: its streams are to be ended with these words. */
  readonly onEnded: (fingerprint: string, words: string) => void;
}

/** A listener whose connections are served by a gRPC server. */
export interface TlsListener {
  readonly port: number;
  /** Why a certificate (DER) that was let in is served no more; `undefined`: it is. */
  refuse(der: Uint8Array): string | undefined;
  /** Takes no more connections; those it has are the gRPC server's to end. */
  close(): void;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** What streams have to say their last words before their connection is cut. */
const LAST_WORDS_MS = 1_000;
/** Timers of Node hold 2^31 ms at most. */
const MAX_TIMER_MS = 3_600_000;

/**
 * Listens with mutual TLS, 1.2 or 1.3. A client without a certificate that one of the authorities has signed for clients, and
 * that is valid, gets no further than the handshake; one whose certificate expires, or is of an authority that goes, is
 * cut off then. A new identity holds for new connections, and leaves the others alone. Rejects if it cannot listen.
 *
 * The TLS server is Node's own in front of the gRPC server, whose credentials tell nothing of refused handshakes.
 */
export async function listenTls(grpc: GrpcServer, options: TlsListenerOptions): Promise<TlsListener> {
  const { source, onRefused } = options;
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const connections = new Map<TLSSocket, ReturnType<typeof readPeer>>();
  let timer: NodeJS.Timeout | undefined;
  const server = createServer({
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["h2"],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...contextOf(source.current()),
  });
  const authorities = () => source.current()?.authorities ?? [];

  /** Ends what is good no more, and comes back when the next certificate expires. */
  const sweep = (): void => {
    clearTimeout(timer);
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [socket, known] of connections) {
      const words = refusePeer(known, authorities(), now);
      if (words === undefined) {
        next = Math.min(next, known.peer.notAfter);
        continue;
      }
      connections.delete(socket);
      options.onEnded(known.peer.fingerprint, words);
      setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
    }
    if (next === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(sweep, Math.min(MAX_TIMER_MS, next - now + 1));
    timer.unref();
  };

  server.prependListener("connection", (socket) => {
    if (source.current() === undefined) socket.destroy();
  });
  server.on("secureConnection", (socket) => {
    const from = socket.remoteAddress ?? "";
    // Errors of a connection are the gRPC server's; this only keeps one from being thrown before it listens.
    socket.on("error", () => {});
    const { raw } = socket.getPeerCertificate();
    if (!socket.authorized || raw === undefined || socket.alpnProtocol !== "h2") {
      onRefused({ from, reason: socket.authorized ? "NO_ALPN_H2" : "NOT_AUTHORIZED" });
      socket.destroy();
      return;
    }
    connections.set(socket, readPeer(raw));
    socket.once("close", () => connections.delete(socket));
    injector.injectConnection(socket);
    sweep();
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    // Node has verified by itself and cut the connection, and then wonders that it is cut.
    const verified: unknown = socket.authorizationError;
    const reason = typeof verified === "string" ? verified : (error.code ?? "TLS_ERROR");
    onRefused({ from: socket.remoteAddress ?? "", reason });
  });

  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(options.port, options.host, () => {
      server.off("error", fail);
      done();
    });
  });
  // A connection that cannot be accepted (no file descriptor left) must not end the process.
  server.on("error", (error: NodeJS.ErrnoException) =>
    onRefused({ from: "", reason: error.code ?? "ERROR" }),
  );
  const unsubscribe = source.onChange(() => {
    server.setSecureContext(contextOf(source.current()));
    sweep();
  });
  return {
    // A server that listens on TCP has such an address.
    port: (server.address() as AddressInfo).port,
    refuse: (der) => refusePeer(readPeer(der), authorities(), Date.now()),
    close() {
      unsubscribe();
      clearTimeout(timer);
      server.close();
    },
  };
}

/**
 * Sessions are not resumed: what was verified once would count as verified after its expiry. Without an authority of ours
 * Node would trust the public ones.
 */
function contextOf(identity: TlsIdentity | undefined): SecureContextOptions {
  return {
    minVersion: "TLSv1.2",
    secureOptions: constants.SSL_OP_NO_TICKET,
    ca: [...(identity?.authorities ?? [])],
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
  };
}

import { type Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { grpcTarget, parseAddress, prepareSocket, protectSocket } from "./address.ts";
import { AdsError } from "./ads-error.ts";
import { type Peer, readPeer } from "./peer.ts";
import { listenTls, type RefusedHandshake, type TlsListener, type TlsSource } from "./tls-listener.ts";

/** An address for clients of any host, who must show a certificate. */
export interface TlsAddress {
  /** `HOST:PORT`; 0: a free port. */
  readonly address: string;
  readonly tls: TlsSource;
}

/** `unix:PATH` or a loopback `HOST:PORT` (0: a free port), in plain text; or mutual TLS for any host. */
export type ListenAddress = string | TlsAddress;

export interface ListenEvents {
  readonly onRefused: (refused: RefusedHandshake) => void;
  readonly onEnded: (fingerprint: string, words: string) => void;
}

/** Whose call it is. `undefined`: of a peer in plain text, which is on this host. A string: it is not served, and why. */
export type PeerOf = (
  call: Pick<ServerDuplexStream<object, object>, "getAuthContext">,
) => Peer | undefined | string;

/** A gRPC server that listens. */
export interface Listening {
  readonly server: Server;
  /** With the real port. */
  readonly address: string;
  /** Takes no more connections over TLS; what there is, is the server's to end. */
  close(): void;
}

/**
 * Listens at each address, with a server of its own: what comes in over TLS can never be taken for a peer of this host.
 * Throws an `AdsError` for the first address that cannot be had; then none is listened at.
 */
export async function listen(
  addresses: readonly ListenAddress[],
  makeServer: (peerOf: PeerOf) => Server,
  events: ListenEvents,
): Promise<readonly Listening[]> {
  const listening: Listening[] = [];
  try {
    for (const where of addresses)
      listening.push(
        await (typeof where === "string"
          ? listenPlain(where, makeServer)
          : listenSecurely(where, makeServer, events)),
      );
  } catch (error) {
    for (const { server, close } of listening) {
      close();
      server.forceShutdown();
    }
    throw error;
  }
  return listening;
}

async function listenPlain(text: string, makeServer: (peerOf: PeerOf) => Server): Promise<Listening> {
  const address = parseAddress(text);
  if (address.kind === "unix") await prepareSocket(address.path);
  const server = makeServer(() => undefined);
  const port = await bind(server, grpcTarget(address));
  if (address.kind === "unix") await protectSocket(address.path);
  return { server, address: grpcTarget(address.kind === "tcp" ? { ...address, port } : address), close() {} };
}

async function listenSecurely(
  { address: text, tls }: TlsAddress,
  makeServer: (peerOf: PeerOf) => Server,
  events: ListenEvents,
): Promise<Listening> {
  const address = parseAddress(text, { anyHost: true });
  if (address.kind === "unix")
    throw new AdsError(
      "address-invalid",
      `"${text}" is no address for mutual TLS: it is no HOST:PORT.`,
      "Example: 0.0.0.0:15010",
    );
  let refuse: TlsListener["refuse"] = () => "not listening yet";
  const server = makeServer((call) => {
    const raw = call.getAuthContext().sslPeerCertificate?.raw;
    if (raw === undefined) return "the client has no certificate";
    return refuse(raw) ?? readPeer(raw).peer;
  });
  const listener = await listenTls(server, { ...address, source: tls, ...events }).catch((cause: Error) => {
    throw listenFailed(text, cause);
  });
  refuse = listener.refuse;
  return { server, address: grpcTarget({ ...address, port: listener.port }), close: listener.close };
}

function bind(server: Server, target: string): Promise<number> {
  return new Promise((done, fail) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (cause, port) => {
      if (cause === null) done(port);
      else fail(listenFailed(target, cause));
    });
  });
}

function listenFailed(target: string, cause: Error): AdsError {
  return new AdsError(
    "listen-failed",
    `ADS cannot be served on ${target}: ${cause.message}`,
    "Choose another address, or see who uses this one.",
    cause,
  );
}

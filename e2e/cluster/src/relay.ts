import { connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";

/** A TCP port of 127.0.0.1 or another address, or a Unix socket, which is reached from other network namespaces as well. */
export type RelayEnd = { readonly port: number; readonly host?: string } | { readonly path: string };

export interface Relay {
  /** Of the listening end; 0 for a socket. */
  readonly port: number;
  /** Ends listening and cuts what is relayed. */
  close(): void;
}

/** Passes the bytes of each connection on to another end, both ways. Rejects when it cannot listen. */
export async function startRelay(from: RelayEnd, to: RelayEnd): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing = connect({ ...endOptions(to), allowHalfOpen: true });
    for (const each of [incoming, outgoing]) {
      sockets.add(each);
      each.once("close", () => sockets.delete(each));
    }
    joinSockets(incoming, outgoing);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(endOptions(from), resolve);
  await promise;
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Passes the bytes of two sockets, which must allow half open connections, on to each other, until both have ended. */
export function joinSockets(incoming: Socket, outgoing: Socket): void {
  for (const [one, other] of [
    [incoming, outgoing],
    [outgoing, incoming],
  ] as const) {
    // Who failed is closed by it, and so is the other.
    pipeline(one, other, (error) => {
      if (error) other.destroy();
    });
  }
}

function endOptions(end: RelayEnd): { port: number; host: string } | { path: string } {
  return "path" in end ? { path: end.path } : { port: end.port, host: end.host ?? "127.0.0.1" };
}

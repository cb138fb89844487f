import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import type { GatewayCertificate, ServerIdentity } from "@sluice/xds-identity";
import { SERVER_NAME } from "./rig.ts";

/** The URI of the client's certificate as a server sees it that demands one. Rejects when either side does not trust the other. */
export async function mutualHandshake(
  server: ServerIdentity | undefined,
  client: GatewayCertificate,
): Promise<string | undefined> {
  if (server === undefined) throw new Error("the server has no identity");
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const listening = createServer({
    cert: server.certificate,
    key: server.key,
    ca: [...server.authorities],
    requestCert: true,
    // Told by `authorizationError`, which has the reason; a refused handshake is told as a hang-up.
    rejectUnauthorized: false,
  });
  listening.on("secureConnection", (socket) => {
    if (socket.authorized) resolve(socket.getPeerCertificate().subjectaltname);
    else reject(new Error(String(socket.authorizationError)));
  });
  listening.on("tlsClientError", reject);
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  // A server that listens on TCP has an address with a port.
  const { port } = listening.address() as AddressInfo;
  const socket = connect({
    host: "127.0.0.1",
    port,
    servername: SERVER_NAME,
    cert: client.certificate,
    key: client.key,
    ca: client.bundle,
  });
  socket.on("error", reject);
  try {
    const [uri] = await Promise.all([promise, once(socket, "secureConnect")]);
    return uri;
  } finally {
    socket.destroy();
    listening.close();
  }
}

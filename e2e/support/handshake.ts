import { type ConnectionOptions, connect } from "node:tls";
import { recordRequests } from "./record-exercised.ts";

export interface Handshake {
  /** Common name of the certificate. */
  readonly name: string;
  readonly fingerprint: string;
  readonly key: "ecdsa" | "rsa";
  readonly alpn: string | false | null;
  readonly version: string | null;
  /** OpenSSL name. */
  readonly cipher: string;
}

/** One TLS handshake, with nothing behind it. `servername: ""`: without SNI. Rejects when there is no agreement. */
export function handshake(
  port: number,
  servername: string,
  options: Pick<
    ConnectionOptions,
    "ALPNProtocols" | "minVersion" | "maxVersion" | "sigalgs" | "ciphers" | "cert" | "key"
  > = {},
): Promise<Handshake> {
  if (servername !== "") recordRequests(servername);
  const { promise, resolve, reject } = Promise.withResolvers<Handshake>();
  const socket = connect(
    { host: "127.0.0.1", port, servername, rejectUnauthorized: false, ...options },
    () => {
      const certificate = socket.getPeerCertificate();
      resolve({
        name: String(certificate.subject.CN),
        fingerprint: certificate.fingerprint256,
        key: certificate.modulus === undefined ? "ecdsa" : "rsa",
        alpn: socket.alpnProtocol,
        version: socket.getProtocol(),
        cipher: socket.getCipher().name,
      });
      socket.destroy();
    },
  );
  socket.on("error", reject);
  return promise;
}

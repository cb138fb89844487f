import { isIP } from "node:net";
import { EnvoyError } from "./envoy-error.ts";

/** Where a server listens: a Unix socket or a TCP port. */
export type Address =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** The kernel's limit for the path of a Unix socket (`sun_path` is 108 bytes with its final zero). */
const MAX_SOCKET_PATH = 107;

/**
 * Reads `unix:PATH`, `HOST:PORT` or `[IPV6]:PORT`. Throws an {@link EnvoyError} for anything else,
 * a port outside 1 to 65535 and a socket path that the kernel cannot take.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    const bytes = Buffer.byteLength(path);
    if (bytes === 0 || bytes > MAX_SOCKET_PATH) {
      throw invalid(text, `a Unix socket's path has 1 to ${MAX_SOCKET_PATH} bytes, this one ${bytes}`);
    }
    return { kind: "unix", path };
  }
  const [, v6, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? plain;
  const port = Number(digits);
  if (host === undefined || (v6 !== undefined && isIP(v6) !== 6)) {
    throw invalid(text, "it is neither unix:PATH nor HOST:PORT");
  }
  if (port < 1 || port > 65535) throw invalid(text, "a port is 1 to 65535");
  return { kind: "tcp", host, port };
}

function invalid(text: string, why: string): EnvoyError {
  return new EnvoyError(
    "address-invalid",
    `"${text}" is not an address: ${why}.`,
    "Examples: unix:/run/sluice/xds.sock, 127.0.0.1:15000",
  );
}

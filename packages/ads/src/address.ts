import { chmod, lstat, mkdir, unlink } from "node:fs/promises";
import { BlockList, connect, isIP } from "node:net";
import { dirname, resolve } from "node:path";
import { AdsError } from "./ads-error.ts";

/** Where ADS is served. */
export type Address =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** The kernel's limit for the path of a Unix socket (`sun_path` is 108 bytes with its final zero). */
const MAX_SOCKET_PATH = 107;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Reads `unix:PATH`, `HOST:PORT` or `[IPV6]:PORT`; port 0 means a free one. Throws an `AdsError` for anything
 * else, and, unless `anyHost`, for a host that is not loopback: whoever can connect gets every certificate's key.
 */
export function parseAddress(
  text: string,
  { anyHost = false }: { readonly anyHost?: boolean } = {},
): Address {
  if (text.startsWith("unix:")) {
    const path = resolve(text.slice("unix:".length));
    const bytes = Buffer.byteLength(path);
    if (text === "unix:" || bytes > MAX_SOCKET_PATH)
      throw invalid(text, `the path of a Unix socket has 1 to ${MAX_SOCKET_PATH} bytes`);
    return { kind: "unix", path };
  }
  const [, v6, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? plain;
  if (host === undefined || Number(digits) > 65535) throw invalid(text, "it is no unix:PATH or HOST:PORT");
  if (!anyHost && !isLoopback(host)) {
    throw new AdsError(
      "address-not-local",
      `ADS is not served on ${text}: without mutual TLS anyone there could read every private key.`,
      "Use unix:PATH, a loopback address such as 127.0.0.1:18000, or an address for mutual TLS.",
    );
  }
  return { kind: "tcp", host, port: Number(digits) };
}

/**
 * Makes a Unix socket's folder (only its owner may enter a new one) and removes a socket that a dead process has
 * left. Throws an `AdsError` when a living one listens there, or when what is there is no socket.
 */
export async function prepareSocket(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return;
  if (!there.isSocket()) throw inUse(path, "there is a file that is no socket");
  if (await answers(path)) throw inUse(path, "another process listens there");
  await unlink(path);
}

/** Lets only the owner and root connect. */
export async function protectSocket(path: string): Promise<void> {
  await chmod(path, 0o600);
}

/** The address as `@grpc/grpc-js` wants it. */
export function grpcTarget(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 6 ? "ipv6" : "ipv4");
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

function invalid(text: string, why: string): AdsError {
  return new AdsError(
    "address-invalid",
    `"${text}" is not an address: ${why}.`,
    "Example: unix:/run/sluice/xds.sock",
  );
}

function inUse(path: string, why: string): AdsError {
  return new AdsError(
    "address-in-use",
    `ADS cannot be served on ${path}: ${why}.`,
    "Stop that process, or choose another path.",
  );
}

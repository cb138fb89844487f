/** The HTTP/2 connection that a call came by. */
export interface Connection {
  /** The same object for all calls of one connection. */
  readonly owner: object;
  /** The host at the other end, without its port; `""` for a Unix socket. */
  readonly host: string;
  /** Calls the listener once, when the connection has ended. */
  onEnd(listener: () => void): void;
}

/**
 * Finds the connection of a call. gRPC's server tells nothing of connections that would tell two apart on a Unix socket, or
 * when one ends, so this looks behind it, at the stream of Node that it serves; `undefined` if that is not there.
 */
export function connectionOf(call: object): Connection | undefined {
  const session = property(property(property(call, "call"), "stream"), "session");
  if (!isSession(session)) return undefined;
  const host = property(session.socket, "remoteAddress");
  return {
    owner: session,
    host: typeof host === "string" ? host : "",
    onEnd: (listener) => void session.once("close", listener),
  };
}

interface Session {
  readonly socket: unknown;
  once(event: "close", listener: () => void): unknown;
}

function isSession(value: unknown): value is Session {
  return typeof value === "object" && value !== null && "socket" in value && "once" in value;
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !(name in value)) return undefined;
  // What is behind a name that is there may be anything.
  return (value as Readonly<Record<string, unknown>>)[name];
}

import type { Socket } from "node:net";

/** How an HTTP/2 connection starts (RFC 9113, section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Tells by a connection's first bytes whether it is HTTP/2, and puts them back. Calls nothing when the connection
 * ends before that is clear.
 */
export function sniff(socket: Socket, decided: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const start = seen.subarray(0, PREFACE.length);
    const fits = start.equals(PREFACE.subarray(0, start.length));
    if (fits && start.length < PREFACE.length) return;
    socket.off("data", onData);
    socket.pause();
    socket.unshift(seen);
    decided(fits);
    // An HTTP/2 session takes what was put back by itself; an HTTP/1.1 server waits for it to flow.
    if (!fits) socket.resume();
  };
  socket.on("data", onData);
}

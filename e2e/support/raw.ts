import { connect } from "node:net";

/** Sends bytes to a port of loopback; resolves with all that comes back until the other side closes, as Latin-1. */
export function sendRaw(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
  let received = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
  });
  socket.on("close", () => resolve(received));
  // What was received before a reset counts.
  socket.on("error", (error) => (received === "" ? reject(error) : resolve(received)));
  return promise;
}

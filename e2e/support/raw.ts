import { connect } from "node:net";
import { recordRequests } from "./record-exercised.ts";

/** Sends bytes to a port of loopback; resolves with all that comes back until the other side closes, as Latin-1. */
export function sendRaw(port: number, text: string): Promise<string> {
  for (const [, host = ""] of text.matchAll(/^host: *(.+?)\r?$/gim)) recordRequests(host);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
  let received = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    // Whoever says goodbye waits a second for ours.
    if (isLastAnswer(received)) socket.end();
  });
  socket.on("close", () => resolve(received));
  // What was received before a reset counts.
  socket.on("error", (error) => (received === "" ? reject(error) : resolve(received)));
  return promise;
}

/** Whether an answer, of known length, is whole and says that the connection ends with it. */
function isLastAnswer(text: string): boolean {
  const [, head, body = ""] = /^(.*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
  if (head === undefined || !/\r\nconnection: close(\r\n|$)/i.test(head)) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return length !== undefined && body.length >= Number(length);
}

import { connect } from "node:net";
import { expect } from "vitest";
import { recordRequests } from "./record-exercised.ts";

export interface ManyRequests {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly count: number;
}

const CONNECTIONS = 16;

/**
 * Sends many GETs on a few kept connections, and counts the answers by backend, or by status where no backend
 * answered. Rejects when a connection ends before all is answered.
 */
export async function countAnswers(requests: ManyRequests): Promise<ReadonlyMap<string, number>> {
  const { host, path = "/", headers = {}, count } = requests;
  recordRequests(host, count);
  const lines = Object.entries({ ...headers, host, "x-echo-body-bytes": "0" }).map((each) => each.join(": "));
  const text = `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  const counts = new Map<string, number>();
  const shares = Array.from({ length: CONNECTIONS }, (_, n) => Math.floor((count + n) / CONNECTIONS));
  await Promise.all(shares.map((share) => ask(requests.port, text, share, counts)));
  return counts;
}

/** Sends one text so many times on one connection, each time when the last is answered. */
function ask(port: number, text: string, count: number, counts: Map<string, number>): Promise<void> {
  if (count === 0) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  let answered = 0;
  let rest = "";
  socket.on("data", (chunk: string) => {
    rest += chunk;
    const answer = firstAnswer(rest);
    if (answer === undefined) return;
    rest = rest.slice(answer.length);
    counts.set(answer.from, (counts.get(answer.from) ?? 0) + 1);
    if (++answered < count) socket.write(text);
    else socket.destroy();
  });
  socket.on("error", reject);
  socket.on("close", () =>
    answered === count ? resolve() : reject(new Error("the connection ended early")),
  );
  socket.write(text);
  return promise;
}

/** The first whole answer in a text: who gave it, and how long it is. All have a length. */
function firstAnswer(text: string): { readonly from: string; readonly length: number } | undefined {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const headers = text.slice(0, head);
  const body = Number(/\r\ncontent-length: (\d+)/i.exec(headers)?.[1] ?? 0);
  const length = head + 4 + body;
  if (text.length < length) return undefined;
  return { from: /\r\nx-echo-backend: (\S+)/i.exec(headers)?.[1] ?? headers.slice(9, 12), length };
}

/** How far a count may be off by chance: a wrong alarm is rarer than 1 in a million. */
const SIGMAS = 5;

/** Expects that `got` of `count` requests are a sample of the share `share` (0 to 1). */
export function expectShare(got: number | undefined, count: number, share: number): void {
  const spread = SIGMAS * Math.sqrt(count * share * (1 - share));
  const least = Math.max(count * share - spread, count * share > 14 ? 1 : 0);
  expect(got ?? 0).toBeGreaterThanOrEqual(least);
  expect(got ?? 0).toBeLessThanOrEqual(count * share + spread);
}

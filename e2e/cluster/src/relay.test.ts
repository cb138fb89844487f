import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Relay, startRelay } from "./relay.ts";

let folder: string;
let target: Server;
let relays: Relay[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-relay-"));
  // Answers when the client has said all.
  target = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on("error", () => {});
    const said = (await socket.toArray()).join("");
    socket.end(`heard ${said}`);
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  // A listening TCP server has an address object.
  const { port } = target.address() as AddressInfo;
  const path = join(folder, "socket");
  relays = [await startRelay({ path }, { port }), await startRelay({ port: 0 }, { path })];
});

afterEach(() => {
  for (const relay of relays) relay.close();
  target.close();
  rmSync(folder, { recursive: true, force: true });
});

test("bytes go both ways over a socket, and an end of one way leaves the other open", async () => {
  const client = connect({ port: relays[1]?.port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
  client.end("hello");
  expect((await client.toArray()).join("")).toBe("heard hello");
});

test("closing cuts what is relayed", async () => {
  const client = connect({ port: relays[1]?.port ?? 0, host: "127.0.0.1" });
  client.on("error", () => {});
  await once(target, "connection");
  const closed = once(client, "close");
  for (const relay of relays) relay.close();
  await closed;
});

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { DRAIN_SCRIPT } from "@sluice/data-plane";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { clientLoop } from "../support/client-loop.ts";
import { startStaticEnvoy } from "./static-envoy.ts";

test("a drained Envoy loses no request while its load balancer is slow to notice, and tells that it is not ready", async () => {
  const backend = await listening(createServer((_, response) => response.end("ok")));
  const [old, fresh] = await Promise.all([startStaticEnvoy(backend), startStaticEnvoy(backend)]);
  onTestFinished(async () => {
    await Promise.all([old.process.stop(), fresh.process.stop()]);
  });
  let target = old.httpPort;
  const balancer = createTcpServer((client) => {
    const server = connect(target, "127.0.0.1");
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy()).on("close", () => server.destroy());
    server.on("error", () => client.destroy()).on("close", () => client.destroy());
  });
  const port = await listening(balancer);
  const load = clientLoop({ port, perSecond: 200 });
  await expect.poll(() => load.answered(), { timeout: 30_000 }).toBeGreaterThan(200);

  const drain = execa("bash", ["-c", DRAIN_SCRIPT, "drain.sh", `${old.adminPort}`, "60", "1"]);
  let hasEnded = false;
  void drain.finally(() => {
    hasEnded = true;
  });
  const ready = (): Promise<number> =>
    fetch(`http://127.0.0.1:${old.probePort}/ready`).then(({ status }) => status);
  await expect.poll(ready).toBe(503);
  // Requests go on to come to it long after the time to settle, and it waits for their end.
  const seen = load.answered();
  await expect.poll(() => load.answered(), { timeout: 60_000 }).toBeGreaterThan(seen + 1_000);
  expect(hasEnded).toBe(false);
  target = fresh.httpPort;
  expect((await drain).exitCode).toBe(0);
  await old.process.stop();
  const after = load.answered();
  await expect.poll(() => load.answered(), { timeout: 30_000 }).toBeGreaterThan(after + 200);
  const { failures, keptAlive } = await load.stop();
  expect(failures).toEqual([]);
  expect(keptAlive).toBeGreaterThan(0);
});

test("the drain ends with its time although a client stays, and at once without an admin interface", async () => {
  const backend = await listening(createServer((_, response) => response.end("ok")));
  const envoy = await startStaticEnvoy(backend);
  onTestFinished(() => void envoy.process.stop());
  const client = connect(envoy.httpPort, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  await once(client, "connect");
  const { exitCode } = await execa("bash", ["-c", DRAIN_SCRIPT, "drain.sh", `${envoy.adminPort}`, "2", "0"]);
  expect(exitCode).toBe(0);
  expect(client.destroyed).toBe(false);
  expect((await execa("bash", ["-c", DRAIN_SCRIPT, "drain.sh", "1", "3600", "3600"])).exitCode).toBe(0);
});

/** Listens on a free port of loopback until the test is over, and returns the port. */
async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  // A server that listens on TCP has such an address.
  return (server.address() as AddressInfo).port;
}

import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";

/** An address that answers no connection attempt. */
export interface BlackHole extends AsyncDisposable {
  readonly port: number;
}

/** Listens, says where, and sleeps, so that nothing is ever accepted. */
const SLEEPER = `
const { parentPort } = require("node:worker_threads");
const server = require("node:net").createServer();
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;

/** Linux queues one connection more than the backlog says, and drops further attempts in silence. */
const QUEUE = 2;

/** A port of loopback whose queue is full: whoever connects waits until he gives up. */
export async function startBlackHole(): Promise<BlackHole> {
  const worker = new Worker(SLEEPER, { eval: true });
  // The only message of the worker is its port.
  const [port] = (await once(worker, "message")) as [number];
  const fillers = Array.from({ length: QUEUE }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await Promise.all(fillers.map((socket) => once(socket, "connect")));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}

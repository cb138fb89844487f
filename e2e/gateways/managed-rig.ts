import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, type Gateway, Settings, startGateway } from "@sluice/controller";
import { startEcho } from "@sluice/echo-backend";
import { startRelay } from "../cluster/src/relay.ts";
import { service, yamlOf } from "../support/manifests.ts";
import { CELL_HTTP_PORT, type CellOptions } from "./cell-options.ts";

const CELL = join(import.meta.dirname, "cell.ts");
const LOOPBACK = join(import.meta.dirname, "../../scripts/netns-loopback.py");

/** A process with a gateway for each MseIngressConfig of a folder, and an Envoy for each of the gateways named. */
export interface ManagedRig extends AsyncDisposable {
  readonly gateway: Gateway;
  /** Writes a file, and resolves when it is in force on all nodes. */
  apply(file: string, ...objects: readonly object[]): Promise<void>;
  remove(file: string): Promise<void>;
  /** Starts an Envoy whose cluster is this. */
  startEnvoy(cluster: string): Promise<void>;
  /** The status that the Envoy of a gateway answers for a host. */
  status(gateway: string, host: string): Promise<number>;
  /** A response that does not end before it is closed. */
  openStream(gateway: string, host: string): Promise<OpenStream>;
}

export interface OpenStream {
  /** Resolves with the next piece; rejects when the response has ended. */
  next(): Promise<string>;
  close(): void;
}

/** Starts it with a Service `echo` in the namespace `default`. */
export async function startManagedRig(): Promise<ManagedRig> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-gateways-"));
  const manifests = mkdtempSync(join(folder, "manifests-"));
  const backend = await startEcho({ name: "echo" });
  const relay = await startRelay({ path: join(folder, "backend") }, { port: backend.port });
  writeFileSync(join(manifests, "echo.yaml"), yamlOf(...service("echo", [{ port: backend.port }])));
  const xdsAddress = `unix:${join(folder, "xds.sock")}`;
  const gateway = await startGateway({
    paths: [manifests],
    settings: Settings.parse({ managed: true, httpPort: CELL_HTTP_PORT, httpsPort: CELL_HTTP_PORT + 1 }),
    xdsAddress,
    logger: createLogger("silent"),
  });
  const cells: ChildProcess[] = [];
  const changed = async (change: () => void): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = gateway.store.onApplied(() => resolve());
    change();
    await promise;
    stop();
    await gateway.ads.whenIdle();
  };
  const ask = (cluster: string, host: string, headers: Record<string, string> = {}): ClientRequest =>
    request({
      socketPath: join(folder, `${cluster}.http`),
      path: "/",
      headers: { host, ...headers },
      agent: false,
    }).end();

  return {
    gateway,
    apply: (file, ...objects) => changed(() => writeFileSync(join(manifests, file), yamlOf(...objects))),
    remove: (file) => changed(() => rmSync(join(manifests, file))),
    async startEnvoy(cluster) {
      const options: CellOptions = { cluster, folder, xdsAddress, backendPort: backend.port };
      const script = 'python3 "$0" && exec "$@"';
      const command = [process.execPath, CELL, JSON.stringify(options)];
      const cell = spawn("unshare", ["-n", "--", "sh", "-c", script, LOOPBACK, ...command], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      cells.push(cell);
      const ended = once(cell, "exit").then(() => {
        throw new Error(`the Envoy of ${cluster} ended before it was ready`);
      });
      await Promise.race([once(cell.stdout, "data"), ended]);
      ended.catch(() => {});
      await gateway.ads.whenIdle();
    },
    async status(cluster, host) {
      const [response]: IncomingMessage[] = await once(ask(cluster, host), "response");
      response?.resume();
      return response?.statusCode ?? 0;
    },
    async openStream(cluster, host) {
      const asked = ask(cluster, host, { "x-echo-stream": "10" });
      const [response]: IncomingMessage[] = await once(asked, "response");
      const pieces = response?.[Symbol.asyncIterator]();
      return {
        async next() {
          const piece = await pieces?.next();
          if (piece === undefined || piece.done) throw new Error("the response has ended");
          return String(piece.value);
        },
        close: () => asked.destroy(),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const cell of cells) {
        if (cell.exitCode !== null) continue;
        cell.kill("SIGTERM");
        await once(cell, "exit");
      }
      await gateway.stop();
      relay.close();
      await backend.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

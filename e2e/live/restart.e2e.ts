import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createLogger, Settings, startGateway } from "@sluice/controller";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { bootstrap, type EnvoyProcess, findEnvoy, startEnvoy } from "@sluice/envoy";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { steadyGets } from "../support/load.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { freePort } from "../support/test-gateway.ts";

const HOST = "restart.example.com";
const CLI = join(import.meta.dirname, "../../packages/controller/src/cli.ts");

let folder: string;
let echo: EchoBackend;
let envoy: EnvoyProcess;
let httpPort: number;
let xdsAddress: string;
let manifests: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-restart-"));
  manifests = mkdtempSync(join(folder, "manifests-"));
  xdsAddress = `unix:${join(folder, "xds.sock")}`;
  httpPort = await freePort();
  echo = await startEcho({ name: "echo" });
  writeFileSync(join(manifests, "echo.yaml"), yamlOf(...service("echo", [{ port: echo.port }])));
  for (let n = 0; n < 20; n++)
    writeFileSync(
      join(manifests, `${n}.yaml`),
      yamlOf(ingress({ name: `i-${n}`, host: `h-${n}.example.com` })),
    );
  writeFileSync(join(manifests, "restart.yaml"), yamlOf(ingress({ name: "restart", host: HOST })));
});

afterEach(async () => {
  await envoy?.stop();
  await echo?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** A control plane in a process of its own, which can be killed. Resolves when it serves xDS. */
async function startProcess(httpsPort: number) {
  const child = spawn(
    process.execPath,
    [CLI, "serve", manifests, "--xds-address", xdsAddress, "--debug-address", "127.0.0.1:0"].concat([
      "--http-port",
      `${httpPort}`,
      "--https-port",
      `${httpsPort}`,
      "--listen-address",
      "127.0.0.1",
    ]),
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes("control plane is up")) break;
  }
  child.stderr.resume();
  return child;
}

describe("restart of the control plane", () => {
  it("kill -9 under load loses no request, and Envoy resumes without a resend of what it has", async () => {
    const httpsPort = await freePort();
    const killed = await startProcess(httpsPort);
    const adminAddress = `unix:${join(folder, "admin.sock")}`;
    envoy = startEnvoy({
      binary: (await findEnvoy()).path,
      adminAddress,
      bootstrap: bootstrap({ nodeId: "restart", cluster: "e2e", xdsAddress, adminAddress }),
      concurrency: 2,
      dieWithParent: true,
    });
    await envoy.ready;
    const load = steadyGets({ port: httpPort, host: HOST, perSecond: 200 });
    const answered = () => echo.counts().requests;
    await expect.poll(answered, { timeout: 10_000 }).toBeGreaterThan(100);

    killed.kill("SIGKILL");
    await once(killed, "exit");
    const atKill = answered();
    await expect.poll(answered, { timeout: 10_000 }).toBeGreaterThan(atKill + 100);

    const settings = Settings.parse({ httpPort, httpsPort, listenAddress: "127.0.0.1" });
    const gateway = await startGateway({
      paths: [manifests],
      settings,
      xdsAddress,
      logger: createLogger("silent"),
    });
    try {
      await gateway.ads.when((nodes) => nodes().length === 1);
      await gateway.ads.whenIdle();
      const [node] = gateway.ads.nodes();
      const sent = Object.fromEntries(
        Object.entries(node?.types ?? {}).map(([typeUrl, { totals }]) => [
          typeUrl.slice(typeUrl.lastIndexOf(".") + 1),
          totals.resources,
        ]),
      );
      // The default certificate is made by each process for itself; all else is what Envoy has.
      expect(sent).toEqual({
        Cluster: 0,
        ClusterLoadAssignment: 0,
        Listener: 0,
        RouteConfiguration: 0,
        VirtualHost: 0,
        Secret: 1,
      });
      const { requests, failures } = await load.stop();
      expect(failures).toEqual([]);
      expect(requests).toBeGreaterThan(200);
    } finally {
      await gateway.stop();
    }
  });
});

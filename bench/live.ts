import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, Settings, startGateway } from "@sluice/controller";
import { bootstrap, findEnvoy, startEnvoy } from "@sluice/envoy";
import { loadFiles } from "@sluice/source-file";
import { measureChanges, percentile } from "./measure-change.ts";
import { application, fileOf, hostOf, slice } from "./world.ts";

/** Measures a gateway with a real Envoy over the folder `process.argv[2]` of `process.argv[3]` applications. */
const [, , folder = "", count = "0", backendPort = "0", httpPort = "0", httpsPort = "0"] = process.argv;
const n = Number(count);
const backend = { address: "127.0.0.1", port: Number(backendPort) };
const CHANGES = 30;
const LIVE_SAMPLES = 60;

const server = createServer((_, response) => response.end("ok"));
await new Promise<void>((resolve) => server.listen(backend.port, backend.address, resolve));
const work = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const xdsAddress = `unix:${join(work, "xds.sock")}`;
const adminAddress = `unix:${join(work, "admin.sock")}`;
const gateway = await startGateway({
  paths: [folder],
  settings: Settings.parse({ httpPort, httpsPort, listenAddress: "127.0.0.1" }),
  xdsAddress,
  logger: createLogger("silent"),
});
const envoy = startEnvoy({
  binary: (await findEnvoy()).path,
  adminAddress,
  bootstrap: bootstrap({ nodeId: "bench", cluster: "bench", xdsAddress, adminAddress }),
  concurrency: 2,
  dieWithParent: true,
});
await envoy.ready;
await gateway.ads.whenIdle();
global.gc?.();
const rssMb = process.memoryUsage().rss / 1024 / 1024;

const changed = async (index: number, text: string) => {
  writeFileSync(join(work, `change-${index}.yaml`), text);
  return (await loadFiles([join(work, `change-${index}.yaml`)])).objects;
};
const some = Array.from({ length: CHANGES }, (_, i) => Math.floor((i * n) / CHANGES));
const ingressChanges = await Promise.all(
  some.map(async (index, i) =>
    (await changed(index, application(index, backend, { path: `/changed-${i}` }))).filter(
      ({ kind }) => kind === "Ingress",
    ),
  ),
);
const sliceChanges = await Promise.all(
  some.map((index, i) => changed(index, slice(index, { ...backend, address: `127.0.1.${i + 1}` }))),
);
const ingressCost = await measureChanges(gateway, ingressChanges);
const endpointCost = await measureChanges(gateway, sliceChanges);
// The files know nothing of these changes: put back what the backend answers on.
for (const index of some)
  gateway.store.apply({ set: await changed(index, slice(index, backend)), removed: [] });
await gateway.ads.whenIdle();

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const statusOf = (host: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: Number(httpPort), path, agent, headers: { host } }, (response) => {
      response.on("end", () => resolve(response.statusCode ?? 0)).resume();
    })
      .on("error", reject)
      .end();
  });

/** Milliseconds from the write of a file to the first 200 on a host that the file is the first to name. */
const live: number[] = [];
for (let i = 0; i < LIVE_SAMPLES; i++) {
  const index = Math.floor((i * n) / LIVE_SAMPLES);
  const file = fileOf(folder, index);
  const text = readFileSync(file, "utf8").replaceAll(hostOf(index), `live-${i}.${hostOf(index)}`);
  const start = performance.now();
  writeFileSync(file, text);
  while ((await statusOf(`live-${i}.${hostOf(index)}`, "/")) !== 200);
  live.push(performance.now() - start);
  await gateway.ads.whenIdle();
}
const envoyMs = gateway.ads
  .nodes()
  .flatMap((node) =>
    Object.entries(node.types).flatMap(([typeUrl, { medianMs }]) =>
      typeUrl.endsWith(".VirtualHost") && medianMs !== undefined ? [medianMs] : [],
    ),
  );
process.stdout.write(
  JSON.stringify({
    changeDerivations: ingressCost.derivations,
    changeMs: ingressCost.ms,
    changeBytes: ingressCost.bytes,
    endpointDerivations: endpointCost.derivations,
    endpointMs: endpointCost.ms,
    endpointBytes: endpointCost.bytes,
    rssMb,
    liveP50Ms: percentile(live, 50),
    liveP99Ms: percentile(live, 99),
    envoyMs: envoyMs[0] ?? Number.NaN,
  }),
);
agent.destroy();
await envoy.stop();
await gateway.stop();
server.close();
rmSync(work, { recursive: true, force: true });
process.exit(0);

import { bootstrap, findEnvoy, startEnvoy } from "@sluice/envoy";
import { startRelay } from "../cluster/src/relay.ts";
import { CELL_HTTP_PORT, type CellOptions } from "./cell-options.ts";

/**
 * An Envoy in a network namespace of its own, as a pod has one: gateways of one process listen on the same ports. Its port for
 * HTTP and its backend are reached by sockets. Says `ready` when Envoy serves.
 */
// The test that starts this process wrote the argument.
const options = JSON.parse(process.argv[2] ?? "") as CellOptions;
const { cluster, folder, backendPort, xdsAddress } = options;
await startRelay({ path: `${folder}/${cluster}.http` }, { port: CELL_HTTP_PORT });
await startRelay({ port: backendPort }, { path: `${folder}/backend` });
const { path: binary } = await findEnvoy();
const adminAddress = `unix:${folder}/${cluster}.admin`;
const envoy = startEnvoy({
  binary,
  adminAddress,
  bootstrap: bootstrap({ nodeId: `node-${cluster}`, cluster, xdsAddress, adminAddress }),
  concurrency: 1,
  dieWithParent: true,
});
await envoy.ready;
process.stdout.write("ready\n");
process.once("SIGTERM", () => void envoy.stop().then(() => process.exit(0)));

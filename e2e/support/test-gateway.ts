import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, type Gateway, Settings, startGateway } from "@sluice/controller";
import { bootstrap, type EnvoyProcess, findEnvoy, type StartEnvoyOptions, startEnvoy } from "@sluice/envoy";
import type { Feature } from "@sluice/feature-api";
import { freePort } from "./free-port.ts";
import { learnIngresses } from "./record-exercised.ts";
import { send, type TestRequest, type TestResponse } from "./request.ts";

export { freePort };

export interface TestGatewayOptions {
  /** Kubernetes YAML to start with, by file name. */
  readonly manifests?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Ask for state of the world instead of delta. */
  readonly stateOfTheWorld?: boolean;
  /** Worker threads of Envoy; default 2. */
  readonly concurrency?: number;
  readonly extraFeatures?: readonly Feature[];
  /** How long what is replaced drains, in seconds; default Envoy's, as in production. */
  readonly drainSeconds?: number;
  /** Gets each line that Envoy writes, those of the access log included. */
  readonly onEnvoyLog?: StartEnvoyOptions["onLog"];
}

/** A control plane in this process and a real Envoy, over a folder that tests write manifests into. */
export interface TestGateway extends AsyncDisposable {
  readonly folder: string;
  readonly gateway: Gateway;
  readonly httpPort: number;
  readonly httpsPort: number;
  envoy(): EnvoyProcess;
  /**
   * Starts one more Envoy of this node id, on the same ports, and resolves when it has all that it is to get. The
   * kernel spreads connections over both: to ask the new one alone, stop the other.
   */
  addEnvoy(nodeId: string): Promise<EnvoyProcess>;
  /** Writes a file and resolves when every node has accepted, or finally refused, all that follows from it. */
  apply(file: string, yaml: string): Promise<void>;
  /** Deletes a file, and waits likewise. */
  remove(file: string): Promise<void>;
  /** Resolves when nothing is in flight and no search for the culprit of a refusal is under way. */
  idle(): Promise<void>;
  request(request: TestRequest): Promise<TestResponse>;
  /** Ends the control plane and leaves Envoy alone. */
  stopControlPlane(): Promise<void>;
  /** Starts a new control plane on the same folder and socket. */
  startControlPlane(): Promise<void>;
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-e2e-"));
  const manifests = mkdtempSync(join(folder, "manifests-"));
  const [httpPort, httpsPort] = await Promise.all([freePort(), freePort()]);
  const settings = Settings.parse({ httpPort, httpsPort, listenAddress: "127.0.0.1", ...options.settings });
  const xdsAddress = `unix:${join(folder, "xds.sock")}`;
  let sequence = 0;
  for (const [file, yaml] of Object.entries(options.manifests ?? {})) {
    writeFileSync(join(manifests, file), yaml);
    learnIngresses(yaml);
  }
  const start = (): Promise<Gateway> =>
    startGateway({
      paths: [manifests],
      settings,
      xdsAddress,
      logger: createLogger("silent"),
      extraFeatures: options.extraFeatures ?? [],
    });
  let gateway = await start();
  const binary = await findEnvoy();
  const launch = async (nodeId: string, adminSocket: string): Promise<EnvoyProcess> => {
    const adminAddress = `unix:${join(folder, adminSocket)}`;
    const made = startEnvoy({
      binary: binary.path,
      adminAddress,
      bootstrap: bootstrap({
        nodeId,
        cluster: "e2e",
        xdsAddress,
        adminAddress,
        delta: options.stateOfTheWorld !== true,
      }),
      concurrency: options.concurrency ?? 2,
      ...(options.onEnvoyLog === undefined ? {} : { onLog: options.onEnvoyLog }),
      ...(options.drainSeconds === undefined ? {} : { drainSeconds: options.drainSeconds }),
      dieWithParent: true,
    });
    await made.ready;
    return made;
  };
  const envoy = await launch("e2e", "admin.sock");
  const more: EnvoyProcess[] = [];
  await idle(gateway);

  const seen = (file: string, mark: string | undefined): Promise<void> => {
    const isThere = (): boolean =>
      gateway.store.get("ConfigMap", "sluice-e2e", markName(file))?.data.mark === mark;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (isThere()) return Promise.resolve();
    const stop = gateway.store.onApplied(() => {
      if (!isThere()) return;
      stop();
      resolve();
    });
    return promise;
  };

  return {
    folder: manifests,
    get gateway() {
      return gateway;
    },
    httpPort,
    httpsPort,
    envoy: () => envoy,
    async addEnvoy(nodeId) {
      const made = await launch(nodeId, `admin-${more.length}.sock`);
      more.push(made);
      await idle(gateway);
      return made;
    },
    async apply(file, yaml) {
      const mark = `${++sequence}`;
      learnIngresses(yaml);
      writeFileSync(join(manifests, file), `${yaml}\n---\n${markManifest(file, mark)}`);
      await seen(file, mark);
      await idle(gateway);
    },
    async remove(file) {
      rmSync(join(manifests, file));
      await seen(file, undefined);
      await idle(gateway);
    },
    idle: () => idle(gateway),
    request: (request) => send(request, { httpPort, httpsPort }),
    stopControlPlane: () => gateway.stop(),
    async startControlPlane() {
      gateway = await start();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([envoy, ...more].map((each) => each.stop()));
      await gateway.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when nothing is in flight and no isolation trial is under way. */
async function idle(gateway: Gateway): Promise<void> {
  await gateway.ads.whenIdle();
  await gateway.controlPlane.isolation.settled();
  await gateway.ads.whenIdle();
}

/** A ConfigMap in the same file tells when the file has been read: it comes in the same change. */
function markManifest(file: string, mark: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: ${markName(file)}, namespace: sluice-e2e }
data: { mark: "${mark}" }
`;
}

function markName(file: string): string {
  return `mark-${file.replace(/[^a-z0-9]/g, "-")}`;
}

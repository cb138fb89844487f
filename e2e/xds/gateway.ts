import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheInline, serveAds, World } from "@sluice/ads";
import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { bootstrap, findEnvoy, startEnvoy } from "@sluice/envoy";
import type { Feature } from "@sluice/feature-api";
import {
  DEFAULT_CERTIFICATE,
  DEFAULT_GATEWAY_SETTINGS,
  type GatewaySettings,
  type Resource,
  type TlsChain,
  type VirtualHost,
} from "@sluice/model";
import { createXds } from "@sluice/xds";
import { Agent, request as undiciRequest } from "undici";
import { testCertificate } from "../support/certificate.ts";
import { send, type TestRequest, type TestResponse } from "../support/request.ts";
import { freePort } from "../support/test-gateway.ts";
import { CLUSTER, ORIGINS, TARGET } from "./models.ts";

/** A gateway model served to a real Envoy, with an echo backend behind it. */
export interface ModelGateway extends AsyncDisposable {
  readonly httpPort: number;
  readonly httpsPort: number;
  request(request: TestRequest): Promise<TestResponse>;
  /** Makes all that depends on settings anew with these settings beside those it began with; resolves when Envoy has accepted them. */
  change(settings: Partial<GatewaySettings>): Promise<void>;
  /** A counter or gauge of Envoy. */
  stat(name: string): Promise<number>;
}

export interface ModelGatewayOptions {
  readonly hosts: readonly VirtualHost[];
  readonly settings?: Partial<GatewaySettings>;
  readonly stateOfTheWorld?: boolean;
  readonly features?: readonly Feature[];
}

/** Starts all parts; resolves when Envoy has accepted everything. */
export async function startModelGateway(options: ModelGatewayOptions): Promise<ModelGateway> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-xds-"));
  const [httpPort, httpsPort] = await Promise.all([freePort(), freePort()]);
  const settings: GatewaySettings = {
    ...DEFAULT_GATEWAY_SETTINGS,
    http: { address: "127.0.0.1", port: httpPort },
    https: { address: "127.0.0.1", port: httpsPort },
    ...options.settings,
  };
  const echo = await startEcho({ name: "echo" });
  const xdsOf = (settings: GatewaySettings): Xds =>
    createXds({ features: options.features ?? [], settings, capabilities: { has: () => true } });
  const xds = xdsOf(settings);
  const world = new World();
  world.apply({ set: await resources(xds, options.hosts, echo), removed: [] });
  world.open();
  const xdsAddress = `unix:${join(folder, "xds.sock")}`;
  const adminAddress = `unix:${join(folder, "admin.sock")}`;
  const admin = new Agent({ connect: { socketPath: join(folder, "admin.sock") } });
  const inline = cacheInline(xds.inlineRouteConfiguration);
  const ads = await serveAds({ address: xdsAddress, onNode: () => world, inline });
  const delta = options.stateOfTheWorld !== true;
  const envoy = startEnvoy({
    binary: (await findEnvoy()).path,
    adminAddress,
    bootstrap: bootstrap({ nodeId: "xds", cluster: "e2e", xdsAddress, adminAddress, delta }),
    concurrency: 1,
    dieWithParent: true,
  });
  await envoy.ready;
  await ads.whenIdle({ signal: AbortSignal.timeout(30_000) });
  return {
    httpPort,
    httpsPort,
    request: (request) => send(request, { httpPort, httpsPort }),
    async change(more) {
      world.apply({ set: shared(xdsOf({ ...settings, ...more }), options.hosts), removed: [] });
      await ads.whenIdle({ signal: AbortSignal.timeout(30_000) });
    },
    async stat(name) {
      const { body } = await undiciRequest(`http://envoy/stats?filter=^${name}$&format=json`, {
        dispatcher: admin,
      });
      // The admin interface's own format.
      const { stats } = (await body.json()) as { stats: { value: number }[] };
      return stats[0]?.value ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await admin.close();
      await envoy.stop();
      await ads.close();
      await echo.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Xds = ReturnType<typeof createXds>;

/** What depends on the settings: tables with their hosts, listeners, clusters of the gateway itself. */
function shared(xds: Xds, hosts: readonly VirtualHost[]): Resource[] {
  const tables = new Map(hosts.flatMap((host) => xds.routeTables(host)).map((table) => [table.name, table]));
  return [
    ...[...tables.values()].map((table) => xds.routeConfiguration(table)),
    ...hosts.flatMap((host) => xds.routeTables(host).map((table) => xds.virtualHost(table, host).resource)),
    ...xds.ownClusters(),
    ...xds.listeners(chainsOf(hosts)),
  ];
}

async function resources(xds: Xds, hosts: readonly VirtualHost[], echo: EchoBackend): Promise<Resource[]> {
  const built: Resource[] = [...shared(xds, hosts)];
  const cluster = {
    name: CLUSTER,
    target: TARGET,
    protocol: "http1",
    policies: {},
    origins: ORIGINS,
  } as const;
  const endpoints = [{ address: echo.host, port: echo.port, health: "healthy" }] as const;
  const chains = chainsOf(hosts);
  for (const { certificate, hosts } of [
    { certificate: DEFAULT_CERTIFICATE, hosts: ["default"] },
    ...chains,
  ]) {
    const { chain, key } = await testCertificate(...hosts);
    const secret = { name: certificate, chain: Buffer.from(chain), key: Buffer.from(key), origins: [] };
    built.push(xds.certificate(secret).resource);
  }
  return [
    ...built,
    xds.cluster(cluster).resource,
    xds.loadAssignment({ cluster: CLUSTER, endpoints, origins: ORIGINS }).resource,
  ];
}

function chainsOf(hosts: readonly VirtualHost[]): TlsChain[] {
  const byCertificate = Map.groupBy(
    hosts.filter(({ certificate }) => certificate !== undefined),
    ({ certificate = "" }) => certificate,
  );
  return [...byCertificate].map(([certificate, members]) => ({
    name: certificate,
    certificate,
    hosts: members.map(({ host }) => host).sort(),
    origins: ORIGINS,
  }));
}

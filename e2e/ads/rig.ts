import { mkdtemp, rm } from "node:fs/promises";
import { Agent, createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AdsServer, serveAds, type Variant, World, type WorldEvents } from "@sluice/ads";
import { bootstrap, type EnvoyProcess, findEnvoy, startEnvoy } from "@sluice/envoy";
import type { Resource, ResourceRef } from "@sluice/model";
import { decode, TYPE_URLS } from "@sluice/protos";
import { resource } from "./resources.ts";

/** As `xds` does it: the virtual hosts go where VHDS would have put them. */
export function inline(routeConfiguration: Resource, virtualHosts: readonly Resource[]): Resource {
  const { vhds: _, ...rest } = decode(TYPE_URLS.ROUTE_CONFIGURATION, routeConfiguration.bytes);
  const inlined = virtualHosts.map((host) => decode(TYPE_URLS.VIRTUAL_HOST, host.bytes));
  return resource(TYPE_URLS.ROUTE_CONFIGURATION, routeConfiguration.name, { ...rest, virtualHosts: inlined });
}

/** A control plane and an Envoy, each of which can be started and stopped on its own. */
export class Rig implements AsyncDisposable {
  readonly folder: string;
  readonly variant: Variant;
  readonly #binary: string;
  readonly #disposers: (() => Promise<unknown>)[] = [];
  readonly #events: WorldEvents;
  readonly #agent = new Agent({ keepAlive: true });
  world: World;
  ads: AdsServer | undefined;
  envoy: EnvoyProcess | undefined;

  private constructor(folder: string, variant: Variant, binary: string, events: WorldEvents) {
    this.folder = folder;
    this.variant = variant;
    this.#binary = binary;
    this.#events = events;
    this.world = new World(events);
  }

  static async make(variant: Variant, events: WorldEvents = {}): Promise<Rig> {
    const { path } = await findEnvoy();
    return new Rig(await mkdtemp(join(tmpdir(), "sluice-ads-")), variant, path, events);
  }

  get address(): string {
    return `unix:${join(this.folder, "xds.sock")}`;
  }

  /** Serves a new world of these resources. */
  async serve(resources: readonly Resource[]): Promise<void> {
    await this.serveClosed(resources);
    this.world.open();
  }

  /** As `serve`, but the world is not complete yet. */
  async serveClosed(resources: readonly Resource[]): Promise<void> {
    this.world = new World(this.#events);
    this.world.apply({ set: resources, removed: [] });
    const world = this.world;
    this.ads = await serveAds({ address: this.address, onNode: () => world, inline });
  }

  /** The control plane goes; Envoy serves on. */
  async stopServing(): Promise<void> {
    await this.ads?.close();
    this.ads = undefined;
  }

  /** Starts an Envoy and waits until it serves. The latest one is `envoy`; all are stopped at the end. */
  async startEnvoy(nodeId = "node-1"): Promise<EnvoyProcess> {
    const adminAddress = `unix:${join(this.folder, `${nodeId}-${this.#disposers.length}.sock`)}`;
    const envoy = startEnvoy({
      binary: this.#binary,
      adminAddress,
      dieWithParent: true,
      concurrency: 1,
      logLevel: "error",
      bootstrap: bootstrap({
        nodeId,
        cluster: "test",
        xdsAddress: this.address,
        adminAddress,
        delta: this.variant === "delta",
      }),
    });
    this.#disposers.push(() => envoy.stop());
    this.envoy = envoy;
    await envoy.ready;
    return envoy;
  }

  async stopEnvoy(): Promise<void> {
    await this.envoy?.stop();
    this.envoy = undefined;
  }

  /** Applies a change and waits until nothing of it is left to do. */
  async apply(set: readonly Resource[], removed: readonly ResourceRef[] = []): Promise<void> {
    this.world.apply({ set, removed });
    await this.idle();
  }

  async idle(): Promise<void> {
    await this.ads?.whenIdle({ signal: AbortSignal.timeout(30_000) });
  }

  /** An HTTP backend that answers `name`; closed at the end. */
  async backend(name: string): Promise<number> {
    const server = createServer((_, response) => response.end(name));
    const port = await listen(server);
    this.#disposers.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    return port;
  }

  /** One request; `STATUS BODY`. With `false` on a connection of its own: a closed listener keeps those it has. */
  get(port: number, host: string, agent: Agent | false = this.#agent): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options = { host: "127.0.0.1", port, agent, headers: { host } };
    const sent = request(options, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve(`${response.statusCode} ${body}`.trim()));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
    return promise;
  }

  /** Sends requests one after another until told to stop; resolves with each distinct answer and its count. */
  traffic(port: number, host: string): { stop(): Promise<Record<string, number>> } {
    let on = true;
    this.#disposers.push(async () => {
      on = false;
    });
    const answers: Record<string, number> = {};
    const loop = (async () => {
      while (on) {
        const answer = await this.get(port, host).catch((error: Error) => error.message);
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    })();
    return {
      stop: async () => {
        on = false;
        await loop;
        return answers;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const dispose of this.#disposers) await dispose();
    this.#agent.destroy();
    await this.stopEnvoy();
    await this.stopServing();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  // A server that listens on TCP has such an address.
  return (server.address() as AddressInfo).port;
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Resource, ResourceRef } from "@sluice/model";
import type { Variant } from "../node-state.ts";
import { type AdsServer, type ServeOptions, serveAds } from "../serve.ts";
import { World, type WorldEvents } from "../world.ts";
import { FakeEnvoy } from "./fake-envoy.ts";
import { inline } from "./fixtures.ts";

/** A server on a Unix socket of its own, its world, and clients of it; all end with it. */
export class ControlPlane implements AsyncDisposable {
  readonly world: World;
  readonly ads: AdsServer;
  readonly #folder: string;
  readonly #clients: FakeEnvoy[] = [];

  private constructor(folder: string, world: World, ads: AdsServer) {
    this.#folder = folder;
    this.world = world;
    this.ads = ads;
  }

  /** Serves these resources; `more.open: false` keeps the world closed. */
  static async start(
    resources: readonly Resource[],
    more: Partial<ServeOptions> & { readonly open?: boolean; readonly events?: WorldEvents } = {},
  ): Promise<ControlPlane> {
    const { open = true, events, ...options } = more;
    const folder = await mkdtemp(join(tmpdir(), "sluice-ads-"));
    const world = new World(events);
    world.apply({ set: resources, removed: [] });
    if (open) world.open();
    const address = `unix:${join(folder, "xds.sock")}`;
    return new ControlPlane(
      folder,
      world,
      await serveAds({ address, onNode: () => world, inline, ...options }),
    );
  }

  client(node = "n1", variant: Variant = "delta"): FakeEnvoy {
    const client = new FakeEnvoy({ address: this.ads.address, node, variant });
    this.#clients.push(client);
    return client;
  }

  apply(set: readonly Resource[], removed: readonly ResourceRef[] = []): void {
    this.world.apply({ set, removed });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.ads.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

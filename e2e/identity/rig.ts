import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AdsServer,
  type Peer,
  type RefusedHandshake,
  serveAds,
  type TlsIdentity,
  type TlsSource,
  World,
} from "@sluice/ads";
import {
  bootstrap,
  type EnvoyLogRecord,
  type EnvoyProcess,
  findEnvoy,
  startEnvoy,
  xdsSecretFiles,
} from "@sluice/envoy";
import {
  createAuthority,
  DEFAULT_LIFETIMES,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPair,
  refuseGateway,
} from "@sluice/xds-identity";
import { answer, listener, routes } from "../ads/resources.ts";
import { freePort } from "../ads/rig.ts";
import { writeSecretVolume } from "./secret-volume.ts";

/** By which Envoys know the control plane. */
export const SERVER_NAME = "sluice-controller.sluice.svc";

/** A control plane that is reached by mutual TLS alone, and Envoys with mounted certificates. */
export class TlsRig implements AsyncDisposable {
  readonly world = new World();
  readonly folder: string;
  readonly http: number;
  readonly peers: Peer[] = [];
  readonly refused: RefusedHandshake[] = [];
  readonly log: EnvoyLogRecord[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #envoys: EnvoyProcess[] = [];
  #identity: TlsIdentity | undefined;
  #ads: AdsServer | undefined;

  private constructor(folder: string, http: number) {
    this.folder = folder;
    this.http = http;
  }

  /**
   * A control plane whose one listener answers `one` for `a.test`. Without `source`, its identity is what
   * {@link showServer} says.
   */
  static async start(source?: TlsSource): Promise<TlsRig> {
    const rig = new TlsRig(await mkdtemp(join(tmpdir(), "sluice-tls-")), await freePort());
    rig.world.apply({
      set: [listener("http", rig.http), routes("http"), answer("http", "a.test", "one")],
      removed: [],
    });
    rig.world.open();
    const tls: TlsSource = source ?? {
      current: () => rig.#identity,
      onChange(changed) {
        rig.#listeners.add(changed);
        return () => void rig.#listeners.delete(changed);
      },
    };
    rig.#ads = await serveAds({
      address: [{ address: "127.0.0.1:0", tls }],
      onNode(info, peer) {
        const words = refuseGateway(info.cluster, peer?.uris ?? []);
        if (words !== undefined) return words;
        if (peer !== undefined) rig.peers.push(peer);
        return rig.world;
      },
      onHandshakeRefused: (event) => rig.refused.push(event),
    });
    return rig;
  }

  get ads(): AdsServer {
    if (this.#ads === undefined) throw new Error("not started");
    return this.#ads;
  }

  /** The server shows a new certificate of this authority, and trusts these. */
  async showServer(signer: KeyPair, trusted: readonly KeyPair[], leafMs?: number): Promise<void> {
    const pair = await issueServerCertificate(signer, [SERVER_NAME], validity(leafMs));
    this.#identity = { ...pair, authorities: trusted.map(({ certificate }) => certificate) };
    for (const changed of this.#listeners) changed();
  }

  /** The mounted Secret of a gateway becomes a new certificate of this authority, with the trusted ones. */
  async mount(gateway: string, signer: KeyPair, trusted: readonly KeyPair[], leafMs?: number): Promise<void> {
    const pair = await issueClientCertificate(signer, gateway, validity(leafMs));
    await this.mountPair(gateway, pair, trusted.map(({ certificate }) => certificate).join(""));
  }

  /** The mounted Secret of a gateway becomes this. */
  async mountPair(gateway: string, { certificate, key }: KeyPair, bundle: string): Promise<void> {
    const files = { "tls.crt": certificate, "tls.key": key, "ca.crt": bundle };
    await writeSecretVolume(this.#secretFolder(gateway), files);
  }

  /** Starts an Envoy of node cluster `cluster` with the Secret of a gateway; not waited for. */
  async startEnvoy({ cluster, gateway }: { cluster: string; gateway?: string }): Promise<EnvoyProcess> {
    const { path } = await findEnvoy();
    const adminAddress = `unix:${join(this.folder, `admin-${this.#envoys.length}.sock`)}`;
    const xdsTls =
      gateway === undefined
        ? undefined
        : { folder: this.#secretFolder(gateway), serverName: SERVER_NAME, sdsFolder: this.folder };
    for (const [name, content] of Object.entries(xdsTls === undefined ? {} : xdsSecretFiles(xdsTls)))
      await writeFile(join(this.folder, name), JSON.stringify(content));
    const envoy = startEnvoy({
      binary: path,
      adminAddress,
      dieWithParent: true,
      concurrency: 1,
      logLevel: "warning",
      onLog: (record) => this.log.push(record),
      bootstrap: bootstrap({
        nodeId: `node-${this.#envoys.length}`,
        cluster,
        xdsAddress: this.ads.address,
        adminAddress,
        ...(xdsTls && { xdsTls }),
      }),
    });
    this.#envoys.push(envoy);
    return envoy;
  }

  /** Serves another answer, and waits until each node has it. */
  async change(text: string): Promise<void> {
    const set = [answer("http", "a.test", text)];
    this.world.apply({ set, removed: [] });
    await this.ads.whenAccepted(set, { signal: AbortSignal.timeout(30_000) });
  }

  #secretFolder(gateway: string): string {
    return join(this.folder, `secret-${gateway}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const envoy of this.#envoys) await envoy.stop();
    await this.ads.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function newAuthority(): Promise<KeyPair> {
  return createAuthority(validity());
}

function validity(leafMs = DEFAULT_LIFETIMES.leafMs) {
  return { now: Date.now(), lifetimes: { ...DEFAULT_LIFETIMES, leafMs } };
}

import { once } from "node:events";
import { createServer } from "node:net";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { credentials } from "@grpc/grpc-js";
import {
  createAuthority,
  DEFAULT_LIFETIMES,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPair,
  type Validity,
} from "@sluice/xds-identity";
import { afterEach, expect, test } from "vitest";
import type { Peer } from "./peer.ts";
import { type AdsServer, type ServeOptions, serveAds } from "./serve.ts";
import { FakeEnvoy } from "./testing/fake-envoy.ts";
import { make } from "./testing/fixtures.ts";
import type { RefusedHandshake, TlsIdentity, TlsSource } from "./tls-listener.ts";
import { TYPE_URLS } from "./type-urls.ts";
import { World } from "./world.ts";

const { CLUSTER: CDS } = TYPE_URLS;
const validity = (leafMs = DEFAULT_LIFETIMES.leafMs, now = Date.now()): Validity => ({
  now,
  lifetimes: { ...DEFAULT_LIFETIMES, leafMs },
});

/** A source that a test changes. */
class Source implements TlsSource {
  identity: TlsIdentity | undefined;
  readonly #listeners = new Set<() => void>();
  current = () => this.identity;
  onChange = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  set(identity: TlsIdentity): void {
    this.identity = identity;
    for (const listener of this.#listeners) listener();
  }
}

async function identityOf(signer: KeyPair, ...others: KeyPair[]): Promise<TlsIdentity> {
  const pair = await issueServerCertificate(signer, ["localhost"], validity());
  return { ...pair, authorities: [signer, ...others].map(({ certificate }) => certificate) };
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serveTls(more: Partial<ServeOptions> = {}) {
  const source = new Source();
  const authority = await createAuthority(validity());
  source.identity = await identityOf(authority);
  const world = new World();
  world.apply({ set: [make.cluster("c")], removed: [] });
  world.open();
  const refused: RefusedHandshake[] = [];
  const ads = await serveAds({
    address: [{ address: "127.0.0.1:0", tls: source }],
    onNode: () => world,
    onHandshakeRefused: (event) => refused.push(event),
    ...more,
  });
  cleanups.push(() => ads.close());
  return { source, authority, world, ads, refused };
}

const portOf = (ads: AdsServer) => Number(ads.addresses.at(-1)?.split(":").at(-1));

function clientOf(ads: AdsServer, trusted: KeyPair, pair?: KeyPair): FakeEnvoy {
  const shown = pair === undefined ? [] : ([Buffer.from(pair.key), Buffer.from(pair.certificate)] as const);
  const envoy = new FakeEnvoy({
    address: `localhost:${portOf(ads)}`,
    node: "n",
    credentials: credentials.createSsl(Buffer.from(trusted.certificate), ...shown),
  });
  cleanups.push(() => envoy.close());
  envoy.subscribe(CDS);
  return envoy;
}

/** What the server shows a new connection. */
async function shownBy(ads: AdsServer): Promise<PeerCertificate> {
  const socket: TLSSocket = connect({ port: portOf(ads), rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  const shown = socket.getPeerCertificate();
  socket.destroy();
  return shown;
}

test("the URIs of a client's certificate reach whoever gives it a world, and none do of a plain one", async () => {
  const peers: (Peer | undefined)[] = [];
  const source = new Source();
  const authority = await createAuthority(validity());
  source.identity = await identityOf(authority);
  const onNode = (_: unknown, peer?: Peer) => {
    peers.push(peer);
    return "enough is known";
  };
  const address = ["127.0.0.1:0", { address: "127.0.0.1:0", tls: source }];
  const { ads } = await serveTls({ address, onNode });
  expect(ads.addresses).toHaveLength(2);
  const pair = await issueClientCertificate(authority, "shop", validity());
  expect(await clientOf(ads, authority, pair).ended()).toContain("enough is known");
  const plain = new FakeEnvoy({ address: ads.address, node: "n" });
  cleanups.push(() => plain.close());
  plain.subscribe(CDS);
  await plain.ended();
  expect(peers).toMatchObject([{ uris: ["spiffe://sluice/gateway/shop"] }, undefined]);
});

test.each<[string, (authority: KeyPair) => Promise<KeyPair | undefined>, string]>([
  ["no certificate", async () => undefined, "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"],
  [
    "one of an unknown authority",
    async () => issueClientCertificate(await createAuthority(validity()), "shop", validity()),
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ],
  [
    "one that has expired",
    (authority) => issueClientCertificate(authority, "shop", validity(1000, Date.now() - 60_000)),
    "CERT_HAS_EXPIRED",
  ],
  [
    "a server's certificate",
    (authority) => issueServerCertificate(authority, ["localhost"], validity()),
    "INVALID_PURPOSE",
  ],
])("a client with %s gets no further than the handshake", async (_what, pairOf, reason) => {
  const { ads, authority, refused } = await serveTls({
    onNode: () => {
      throw new Error("must not be asked");
    },
  });
  const envoy = clientOf(ads, authority, await pairOf(authority));
  expect(await envoy.ended()).toContain("UNAVAILABLE");
  expect(new Set(refused.map((one) => one.reason))).toEqual(new Set([reason]));
});

test("nobody is let in while there is no identity", async () => {
  const tls = new Source();
  const { ads, authority } = await serveTls({ address: [{ address: "127.0.0.1:0", tls }] });
  const pair = await issueClientCertificate(authority, "shop", validity());
  expect(await clientOf(ads, authority, pair).ended()).toContain("UNAVAILABLE");
  tls.set(await identityOf(authority));
  const later = clientOf(ads, authority, pair);
  expect([...(await later.accept(CDS)).resources.keys()]).toEqual(["c"]);
});

test("a new identity holds for new connections, and streams live on", async () => {
  const { source, ads, authority, world } = await serveTls();
  const envoy = clientOf(ads, authority, await issueClientCertificate(authority, "shop", validity()));
  await envoy.accept(CDS);
  const before = await shownBy(ads);
  const next = await createAuthority(validity());
  source.set(await identityOf(next, authority));
  expect((await shownBy(ads)).fingerprint256).not.toBe(before.fingerprint256);
  world.apply({ set: [make.cluster("d")], removed: [] });
  expect([...(await envoy.accept(CDS)).resources.keys()]).toEqual(["d"]);
  const other = clientOf(ads, next, await issueClientCertificate(next, "shop", validity()));
  await other.accept(CDS);
});

test("a stream ends when its certificate does, with words", async () => {
  const { ads, authority } = await serveTls();
  const envoy = clientOf(ads, authority, await issueClientCertificate(authority, "shop", validity(3000)));
  await envoy.accept(CDS);
  expect(await envoy.ended()).toContain("the client certificate has expired");
});

test("a stream ends when its authority is trusted no more", async () => {
  const { source, ads, authority } = await serveTls();
  const envoy = clientOf(ads, authority, await issueClientCertificate(authority, "shop", validity()));
  await envoy.accept(CDS);
  source.set(await identityOf(await createAuthority(validity())));
  expect(await envoy.ended()).toContain("of an authority that is trusted no more");
});

test("plain text stays on this host, and a socket is no place for TLS", async () => {
  const tls = new Source();
  const onNode = () => new World();
  await expect(serveAds({ address: ["0.0.0.0:0"], onNode })).rejects.toMatchObject({
    code: "address-not-local",
  });
  await expect(serveAds({ address: [{ address: "unix:/tmp/x", tls }], onNode })).rejects.toMatchObject({
    code: "address-invalid",
  });
});

test("when one of several addresses is taken, none is listened at", async () => {
  const taken = createServer();
  taken.listen(0, "127.0.0.1");
  await once(taken, "listening");
  cleanups.push(() => taken.close());
  const address = taken.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const free = createServer();
  free.listen(0, "127.0.0.1");
  await once(free, "listening");
  const where = free.address();
  const freePort = typeof where === "object" ? where?.port : undefined;
  await new Promise((done) => free.close(done));
  const tls = new Source();
  const addresses = [
    { address: `127.0.0.1:${freePort}`, tls },
    { address: `127.0.0.1:${port}`, tls },
  ];
  await expect(serveAds({ address: addresses, onNode: () => new World() })).rejects.toMatchObject({
    code: "listen-failed",
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  const again = createServer();
  again.listen(freePort, "127.0.0.1");
  await once(again, "listening");
  again.close();
});

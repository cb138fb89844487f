import { expect, test } from "vitest";
import { clientLoop } from "../support/client-loop.ts";
import { newAuthority, TlsRig } from "./rig.ts";

/** Envoy's log so far. The gRPC library encodes words as in a URI, and Envoy shows them as they came. */
const said = (rig: TlsRig) => decodeURI(rig.log.map(({ message }) => message).join("\n"));

const poll = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

test("certificates of both sides are rotated again and again while streams end and requests run, and nothing is lost", async () => {
  await using rig = await TlsRig.start();
  const authority = await newAuthority();
  // Each outlives the one before, however long the machine takes.
  let leafMs = 0;
  const rotate = async () => {
    leafMs += 5_000;
    await rig.showServer(authority, [authority], leafMs);
    await rig.mount("shop", authority, [authority], leafMs);
  };
  await rotate();
  const envoy = await rig.startEnvoy({ cluster: "shop", gateway: "shop" });
  await envoy.ready;
  expect(rig.peers).toMatchObject([{ uris: ["spiffe://sluice/gateway/shop"] }]);
  const load = clientLoop({ port: rig.http, host: "a.test", perSecond: 100 });
  for (let rotation = 2; rotation <= 3; rotation++) {
    await rotate();
    // A stream lives on with the certificate that it began with, and ends with it.
    await rig.change(`before ${rotation}`);
    await poll(() => new Set(rig.peers.map(({ fingerprint }) => fingerprint)).size).toBe(rotation);
    await rig.change(`after ${rotation}`);
  }
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(load.answered()).toBeGreaterThan(100);
});

test("the authority is rotated, announced before it signs, and nothing is lost", async () => {
  await using rig = await TlsRig.start();
  const [old, young] = [await newAuthority(), await newAuthority()];
  await rig.showServer(old, [old]);
  await rig.mount("shop", old, [old]);
  const envoy = await rig.startEnvoy({ cluster: "shop", gateway: "shop" });
  await envoy.ready;
  const load = clientLoop({ port: rig.http, host: "a.test", perSecond: 100 });
  const certificates = async () => (await envoy.admin.get("/certs")).body;
  const serials = async () => new Set((await certificates()).match(/"serial_number": "[^"]+"/g));
  await rig.showServer(old, [old, young]);
  await rig.mount("shop", old, [old, young]);
  // Two trusted ones, and the certificate.
  await poll(async () => (await serials()).size).toBe(3);
  await rig.showServer(young, [old, young]);
  const announced = await serials();
  await rig.mount("shop", young, [old, young]);
  await poll(async () => [...(await serials())].every((serial) => announced.has(serial))).toBe(false);
  // The stream still is of the old authority's certificate: it ends when that is trusted no more.
  await rig.change("while the old one counts");
  expect(rig.peers).toHaveLength(1);
  await rig.mount("shop", young, [young]);
  await rig.showServer(young, [young]);
  await poll(() => rig.peers.length).toBe(2);
  await rig.change("of the young one");
  expect((await load.stop()).failures).toEqual([]);
  expect(said(rig)).toContain("of an authority that is trusted no more");
});

test("an Envoy of another gateway than its certificate's is refused, with words in its log", async () => {
  await using rig = await TlsRig.start();
  const authority = await newAuthority();
  await rig.showServer(authority, [authority]);
  await rig.mount("shop", authority, [authority]);
  await rig.startEnvoy({ cluster: "bank", gateway: "shop" });
  await poll(() => said(rig).split("\n").slice(0, 20).join("\n")).toContain(
    'the client certificate is of gateway "shop", but node.cluster is "bank"',
  );
  expect(rig.peers).toEqual([]);
});

test("an Envoy that speaks plain text is refused at the handshake", async () => {
  await using rig = await TlsRig.start();
  const authority = await newAuthority();
  await rig.showServer(authority, [authority]);
  const envoy = await rig.startEnvoy({ cluster: "shop" });
  await poll(() => rig.refused.map(({ reason }) => reason)).toContain("ERR_SSL_WRONG_VERSION_NUMBER");
  expect((await envoy.admin.get("/ready")).status).toBe(503);
  expect(rig.peers).toEqual([]);
});

test("an Envoy with a certificate that is not trusted comes in as soon as its files are replaced, without a restart", async () => {
  await using rig = await TlsRig.start();
  const [authority, stranger] = [await newAuthority(), await newAuthority()];
  await rig.showServer(authority, [authority]);
  await rig.mount("shop", stranger, [authority]);
  const envoy = await rig.startEnvoy({ cluster: "shop", gateway: "shop" });
  await poll(() => rig.refused.map(({ reason }) => reason)).toContain("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  expect((await envoy.admin.get("/ready")).status).toBe(503);
  await rig.mount("shop", authority, [authority]);
  await envoy.ready;
  expect(rig.peers).toHaveLength(1);
});

test("an Envoy does not trust a control plane of another authority", async () => {
  await using rig = await TlsRig.start();
  const [authority, stranger] = [await newAuthority(), await newAuthority()];
  await rig.showServer(stranger, [authority]);
  await rig.mount("shop", authority, [authority]);
  await rig.startEnvoy({ cluster: "shop", gateway: "shop" });
  await poll(() => said(rig).split("\n").slice(0, 20).join("\n")).toContain("CERTIFICATE_VERIFY_FAILED");
  expect(rig.peers).toEqual([]);
});

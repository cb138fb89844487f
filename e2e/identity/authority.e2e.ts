import type { KubeApi } from "@sluice/kubernetes-api";
import { DEFAULT_LIFETIMES, firstAuthority, type XdsIdentity } from "@sluice/xds-identity";
import { expect, test } from "vitest";
import { useCluster } from "../cluster/use-cluster.ts";
import { clientLoop } from "../support/client-loop.ts";
import { mutualHandshake } from "./mutual-handshake.ts";
import { type Replica, Replicas } from "./replicas.ts";
import { TlsRig } from "./rig.ts";

const shared = useCluster({ controllerManager: false });

const poll = <T>(read: () => T) => expect.poll(read, { timeout: 60_000 });
const DAY_MS = 24 * 3_600_000;

const trusted = ({ identity }: Replica) => identity.server.current()?.authorities;
const allReady = (replicas: readonly Replica[]) =>
  Promise.all(replicas.map(({ identity }) => identity.ready));

/** One's servers let the other's gateways in, both ways. */
async function expectMutualTrust(a: XdsIdentity, b: XdsIdentity): Promise<void> {
  for (const [server, issuer] of [
    [a, b],
    [b, a],
  ] as const)
    expect(await mutualHandshake(server.server.current(), await issuer.issueGatewayCertificate("shop"))).toBe(
      "URI:spiffe://sluice/gateway/shop",
    );
}

/** An authority that is due to be followed by another: seven years of ten have passed. */
const oldAuthority = () =>
  firstAuthority({ now: Date.now() - 7 * 365 * DAY_MS, lifetimes: DEFAULT_LIFETIMES });

test("replicas that start at the same moment agree on one authority, and trust each other's certificates", async () => {
  await using replicas = await Replicas.of(shared.cluster, "agree");
  const all = Array.from({ length: 4 }, () => replicas.start());
  await allReady(all);
  const [a, b] = all;
  if (a === undefined || b === undefined) throw new Error("not started");
  expect(new Set(all.map((each) => trusted(each)?.join()))).toEqual(new Set([trusted(a)?.join()]));
  await expectMutualTrust(a.identity, b.identity);
  expect(all.flatMap(({ messages }) => messages)).toEqual([
    'a certificate authority for xDS was made {"secret":"agree/sluice-xds-ca"}',
  ]);
  // Its own type: an Ingress cannot name it.
  expect(await replicas.secret()).toMatchObject({ type: "sluice.dev/xds-ca" });
});

test("the authority is announced, signs, and the old one goes, while an Envoy follows and nothing is lost", async () => {
  await using replicas = await Replicas.of(shared.cluster, "rotate");
  await replicas.create(await oldAuthority());
  const leader = replicas.start();
  const other = replicas.start({ isLeader: () => false });
  await allReady([leader, other]);
  await using rig = await TlsRig.start(leader.identity.server);
  const mount = async () => {
    const { bundle, ...pair } = await other.identity.issueGatewayCertificate("shop");
    await rig.mountPair("shop", pair, bundle);
    return { certificate: pair.certificate, bundle };
  };
  const both = async (count: number) => {
    await poll(() => trusted(leader)?.length).toBe(count);
    await poll(() => trusted(other)).toEqual(trusted(leader));
  };
  await both(2);
  const [old, young] = trusted(leader) ?? [];
  let stored = await mount();
  const envoy = await rig.startEnvoy({ cluster: "shop", gateway: "shop" });
  await envoy.ready;
  const load = clientLoop({ port: rig.http, host: "a.test", perSecond: 100 });

  const before = leader.identity.server.current()?.certificate;
  await replicas.age(2 * DAY_MS);
  await poll(async () => (await replicas.secret()).data["next.crt"]).toBeUndefined();
  await poll(() => leader.identity.server.current()?.certificate === before).toBe(false);
  // What the old one has signed is as good until it ends.
  expect(other.identity.gatewayCertificateDue("shop", stored)).toBeGreaterThan(Date.now());
  stored = await mount();
  await rig.change("while the young one signs");
  expect(rig.peers).toHaveLength(1);
  await expectMutualTrust(leader.identity, other.identity);

  await replicas.age(2 * DAY_MS);
  await both(1);
  expect(trusted(leader)).toEqual([young]);
  expect(trusted(leader)).not.toContain(old);
  expect(other.identity.gatewayCertificateDue("shop", stored)).toBe(0);
  await mount();
  await poll(() => rig.peers.length).toBe(2);
  await rig.change("of the young one alone");
  expect((await load.stop()).failures).toEqual([]);
  expect(other.messages).toEqual([]);
});

test("two that both take themselves for the leader rotate one authority after the other, and never lose each other", async () => {
  await using replicas = await Replicas.of(shared.cluster, "seconds");
  const lifetimes = { authorityMs: 18_000, leafMs: 2_000, skewMs: 1_000 };
  const all = [replicas.start({ lifetimes }), replicas.start({ lifetimes })];
  await allReady(all);
  const seen = all.map((each) => [trusted(each) ?? []]);
  const stop = all.map(({ identity }, n) =>
    identity.onChange(() => void seen[n]?.push(identity.server.current()?.authorities ?? [])),
  );
  const first = seen[0]?.[0]?.[0];
  await poll(() => all.every((each) => !trusted(each)?.includes(first ?? ""))).toBe(true);
  for (const end of stop) end();
  for (const bundles of seen)
    for (const [n, bundle] of bundles.entries()) {
      // Two that announce at once would be three.
      expect(bundle.length).toBeLessThanOrEqual(2);
      if (n > 0) expect(bundle.some((one) => bundles[n - 1]?.includes(one))).toBe(true);
    }
  expect(all.flatMap(({ messages }) => messages).filter((words) => /cannot|could not/.test(words))).toEqual(
    [],
  );
});

test("a step that comes too late gives way to what is there", async () => {
  await using replicas = await Replicas.of(shared.cluster, "conflict");
  await replicas.create(await oldAuthority());
  let conflicts = 0;
  const slow = (api: KubeApi): KubeApi => ({
    ...api,
    async write(request) {
      // Somebody touches the Secret when the first step is on its way.
      if (request.method === "PUT" && conflicts++ === 0) await replicas.change({ note: "of somebody" });
      return api.write(request);
    },
  });
  const lifetimes = { ...DEFAULT_LIFETIMES, leafMs: 5_000 };
  const replica = replicas.start({ through: slow, lifetimes });
  await poll(() => trusted(replica)?.length).toBe(2);
  expect(conflicts).toBe(2);
  expect(replica.messages).toEqual(['the certificate authority moved on {"authorities":2}']);
});

test("whoever deletes the Secret gets a new authority, the same for all replicas", async () => {
  await using replicas = await Replicas.of(shared.cluster, "deleted");
  const [a, b] = [replicas.start(), replicas.start()];
  await allReady([a, b]);
  const old = trusted(a)?.[0];
  const stored = await a.identity.issueGatewayCertificate("shop");
  await replicas.remove();
  await poll(() => [trusted(a), trusted(b)].some((each) => each?.includes(old ?? ""))).toBe(false);
  await poll(() => trusted(b)).toEqual(trusted(a));
  await expectMutualTrust(a.identity, b.identity);
  // The keys may be in wrong hands: what they signed is out at once.
  const { bundle } = await a.identity.issueGatewayCertificate("shop");
  const thief = mutualHandshake(a.identity.server.current(), { ...stored, bundle });
  await expect(thief).rejects.toThrow("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  expect(a.identity.gatewayCertificateDue("shop", stored)).toBe(0);
});

test("a Secret that cannot be used is told of and left alone, and what is known stays in force", async () => {
  await using replicas = await Replicas.of(shared.cluster, "rubbish");
  const replica = replicas.start();
  await replica.identity.ready;
  const known = trusted(replica);
  const rubbish = { "tls.key": "of-no-use", "ca.crt": "more" };
  const { metadata } = await replicas.change(rubbish);
  await poll(() => replica.identity.trouble()).toContain(
    "cannot be used and is left alone: tls.crt and tls.key are no certificate authority",
  );
  expect(trusted(replica)).toEqual(known);
  await replica.identity.issueGatewayCertificate("shop");
  const late = replicas.start();
  await poll(() => late.identity.trouble()).toContain("left alone");
  expect(late.identity.server.current()).toBeUndefined();
  expect((await replicas.secret()).metadata).toEqual(metadata);
  expect([...replica.messages, ...late.messages].join()).not.toContain(rubbish["tls.key"]);
  await replicas.remove();
  await late.identity.ready;
  await poll(() => trusted(replica)).toEqual(trusted(late));
  expect(replica.identity.trouble()).toBeUndefined();
});

test("a Secret of that name and of another type is somebody's: nothing is taken of it, and it is not written", async () => {
  await using replicas = await Replicas.of(shared.cluster, "foreign");
  const made = await oldAuthority();
  await replicas.cluster.kubectl([
    ...["create", "secret", "generic", "sluice-xds-ca", "--namespace", "foreign"],
    ...[`--from-literal=tls.crt=${made.signer.certificate}`, `--from-literal=tls.key=${made.signer.key}`],
    ...[`--from-literal=ca.crt=${made.bundle}`, "--from-literal=changed-at=2026-01-01T00:00:00Z"],
  ]);
  const { metadata } = await replicas.secret();
  const replica = replicas.start();
  await poll(() => replica.identity.trouble()).toContain(
    'its type is "Opaque", not "sluice.dev/xds-ca"; delete it, and a new one is made',
  );
  expect(replica.identity.server.current()).toBeUndefined();
  expect((await replicas.secret()).metadata).toEqual(metadata);
});

test("without permission it says what to grant, and goes on by itself once that is granted", async () => {
  await using replicas = await Replicas.of(shared.cluster, "forbidden", false);
  const replica = replicas.start();
  await poll(() => replica.identity.trouble()).toMatch(
    /forbidden: User "system:serviceaccount:forbidden:sluice" .*; grant the verb create on secrets, and get, watch and update on the secret sluice-xds-ca, in namespace forbidden$/,
  );
  expect(replica.messages.filter((words) => words.includes("grant"))).toHaveLength(1);
  await replicas.allow();
  await replica.identity.ready;
  await poll(() => replica.identity.trouble()).toBeUndefined();
  expect(replica.messages.at(-1)).toContain("is followed again");
});

test("while the API server is away certificates are issued as before, and what it has then is followed", async () => {
  await using replicas = await Replicas.of(shared.cluster, "away");
  const [a, b] = [replicas.start(), replicas.start()];
  await allReady([a, b]);
  const known = trusted(a);
  await shared.cluster.apiServer.kill();
  await poll(() => [a, b].every(({ identity }) => identity.trouble()?.includes("cannot be followed"))).toBe(
    true,
  );
  await expectMutualTrust(a.identity, b.identity);
  expect(trusted(a)).toEqual(known);
  await poll(() => a.messages.filter((words) => words.includes("cannot be followed")).length).toBe(1);
  await shared.cluster.apiServer.start();
  await replicas.remove();
  await poll(() => trusted(b)?.join() === known?.join()).toBe(false);
  await poll(() => trusted(a)).toEqual(trusted(b));
  await expectMutualTrust(a.identity, b.identity);
  expect([a, b].map(({ identity }) => identity.trouble())).toEqual([undefined, undefined]);
});

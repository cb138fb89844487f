import { expect, test } from "vitest";
import { isSignedBy, readCertificate } from "./bundle.ts";
import { createAuthority, issueClientCertificate, issueServerCertificate } from "./issue.ts";
import { DEFAULT_LIFETIMES, renewalTime } from "./lifetimes.ts";
import { gatewayOf, gatewayUri, refuseGateway } from "./names.ts";

const HOUR_MS = 3_600_000;
const now = Date.UTC(2030, 0, 1);
const validity = { now, lifetimes: DEFAULT_LIFETIMES };
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

function read(pem: string) {
  const certificate = readCertificate(pem);
  if (certificate === undefined) throw new Error("no certificate");
  return certificate;
}

test("a server's certificate names its hosts, a gateway's its gateway, each for its use alone", async () => {
  const authority = await createAuthority(validity);
  const server = read(
    (await issueServerCertificate(authority, ["a.b.svc", "localhost"], validity)).certificate,
  );
  const client = read((await issueClientCertificate(authority, "shop", validity)).certificate);
  expect(server.subjectAltName).toBe("DNS:a.b.svc, DNS:localhost");
  expect(client.subjectAltName).toBe("URI:spiffe://sluice/gateway/shop");
  expect([server.keyUsage, client.keyUsage]).toEqual([[SERVER_AUTH], [CLIENT_AUTH]]);
  expect([server.ca, client.ca, read(authority.certificate).ca]).toEqual([false, false, true]);
  for (const leaf of [server, client]) {
    expect(isSignedBy(leaf, authority.certificate)).toBe(true);
    expect(isSignedBy(leaf, (await createAuthority(validity)).certificate)).toBe(false);
  }
});

test("validity begins before now, for clocks that are slow, and renewal is due at two thirds", async () => {
  const authority = await createAuthority(validity);
  const leaf = read((await issueClientCertificate(authority, "shop", validity)).certificate);
  expect(leaf.validFromDate.getTime()).toBe(now - DEFAULT_LIFETIMES.skewMs);
  expect(leaf.validToDate.getTime()).toBe(now + 24 * HOUR_MS);
  const dates = { notBefore: leaf.validFromDate, notAfter: leaf.validToDate };
  expect(renewalTime(dates, DEFAULT_LIFETIMES.skewMs)).toBe(now + 16 * HOUR_MS);
});

test("no certificate outlives its authority", async () => {
  const authority = await createAuthority(validity);
  const late = { ...validity, now: now + DEFAULT_LIFETIMES.authorityMs - HOUR_MS };
  const leaf = read((await issueClientCertificate(authority, "shop", late)).certificate);
  expect(leaf.validToDate).toEqual(read(authority.certificate).validToDate);
});

test.each<[string, string[], string | undefined]>([
  ["its own", [gatewayUri("a")], undefined],
  ["its own beside others'", ["spiffe://other/x", gatewayUri("a")], undefined],
  ["another", [gatewayUri("b")], 'of gateway "b", but node.cluster is "a"'],
  ["two", [gatewayUri("a"), gatewayUri("b")], "names no gateway"],
  ["none", ["spiffe://other/a"], "names no gateway"],
  ["an empty one", [gatewayUri("")], "names no gateway"],
])("a node of gateway a with a certificate of %s", (_what, uris, words) => {
  if (words === undefined) expect(refuseGateway("a", uris)).toBeUndefined();
  else expect(refuseGateway("a", uris)).toContain(words);
});

test("a gateway is read back from its URI", () => {
  expect(gatewayOf([gatewayUri("shop")])).toBe("shop");
});

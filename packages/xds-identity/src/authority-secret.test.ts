import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { advance, firstAuthority } from "./authority.ts";
import { readSecret, writeSecret } from "./authority-secret.ts";
import { issueServerCertificate } from "./issue.ts";
import { DEFAULT_LIFETIMES as lifetimes } from "./lifetimes.ts";

const now = Date.UTC(2030, 0, 1);
const first = await firstAuthority({ now, lifetimes });
const announced = await advance(first, { now: now + lifetimes.authorityMs * 0.7, lifetimes });
const stranger = await firstAuthority({ now, lifetimes });
const leaf = await issueServerCertificate(first.signer, ["a.test"], { now, lifetimes });
const rsa = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** The Secret as an API server returns it, with some of its keys changed; `undefined` takes one away. */
function stored(authority = first, changes: Readonly<Record<string, string | undefined>> = {}) {
  // What is written has this beside metadata.
  const { stringData, ...rest } = writeSecret(authority) as { stringData: Record<string, string> };
  const texts = Object.entries({ ...stringData, ...changes }).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, Buffer.from(text).toString("base64")]],
  );
  return { ...rest, metadata: { resourceVersion: "7" }, data: Object.fromEntries(texts) };
}

test.each([
  ["at rest", first],
  ["with a successor", announced],
])("an authority %s is read as it was written", (_about, authority) => {
  expect(readSecret(stored(authority))).toEqual({ authority, resourceVersion: "7" });
});

test.each([
  ["no key", { "tls.key": undefined }, "it lacks data tls.key"],
  ["no time", { "changed-at": "yesterday" }, "changed-at is no time"],
  ["another's key", { "tls.key": stranger.signer.key }, /^tls.crt and tls.key are no certificate authority/],
  ["a key of another kind", { "tls.key": rsa.privateKey }, /^tls.crt and tls.key are no .* \(ECDSA P-256\)$/],
  ["a leaf in place of an authority", { "tls.crt": leaf.certificate, "tls.key": leaf.key }, /^tls.crt and/],
  ["a bundle without the signer", { "ca.crt": stranger.bundle }, "ca.crt lacks a certificate that signs"],
  ["text in place of a bundle", { "ca.crt": "nothing" }, "ca.crt lacks a certificate that signs"],
  ["a bad successor", { "next.crt": "a", "next.key": "b" }, /^next.crt and next.key are no/],
])("a Secret with %s is not used, and the reason quotes nothing of it", (_about, changes, reason) => {
  expect(readSecret(stored(first, changes))).toEqual(
    typeof reason === "string" ? reason : expect.stringMatching(reason),
  );
});

test.each([
  [{ ...stored(), type: "kubernetes.io/tls" }, 'its type is "kubernetes.io/tls", not "sluice.dev/xds-ca"'],
  [{ kind: "Status" }, 'its type is not known, not "sluice.dev/xds-ca"'],
  ["", 'its type is not known, not "sluice.dev/xds-ca"'],
])("an object of another type is nobody's authority", (object, reason) => {
  expect(readSecret(object)).toBe(reason);
});

import { describe, expect, test } from "vitest";
import { clientTls } from "./client-tls.ts";
import { parse } from "./testing/feature-bench.ts";

const ECDHE = "ECDHE-RSA-AES128-GCM-SHA256";

describe("good values", () => {
  test.each([
    [{ "tls-min-protocol-version": "TLSv1.0" }, { minVersion: "TLSv1.0" }],
    [{ "tls-max-protocol-version": "TLSv1.1" }, { maxVersion: "TLSv1.1" }],
    [
      { "tls-min-protocol-version": "TLSv1.2", "tls-max-protocol-version": "TLSv1.2" },
      { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
    ],
    [{ "ssl-cipher": `${ECDHE}, AES128-SHA` }, { ciphers: [ECDHE, "AES128-SHA"] }],
    [{ "ssl-ciphers": `${ECDHE}:AES128-SHA:${ECDHE}` }, { ciphers: [ECDHE, "AES128-SHA"] }],
  ])("%j", (annotations, expected) => {
    expect(parse(clientTls, annotations)).toMatchObject({ policy: expected, found: [], denied: false });
  });
});

describe("bad values", () => {
  const VALUE = "annotation-value";
  test.each([
    [{ "tls-min-protocol-version": "1.2" }, undefined, [`${VALUE} tls-min-protocol-version`]],
    [{ "tls-max-protocol-version": "SSLv3" }, undefined, [`${VALUE} tls-max-protocol-version`]],
    [
      { "tls-min-protocol-version": "TLSv1.3", "tls-max-protocol-version": "TLSv1.2", "ssl-cipher": ECDHE },
      { ciphers: [ECDHE] },
      [`${VALUE} tls-min-protocol-version`, `${VALUE} tls-max-protocol-version`],
    ],
    [{ "ssl-cipher": `${ECDHE}:RC4-MD5` }, { ciphers: [ECDHE] }, [`${VALUE} ssl-cipher`]],
    [{ "ssl-cipher": "ALL:!aNULL" }, undefined, [`${VALUE} ssl-cipher`, `${VALUE} ssl-cipher`]],
    [{ "ssl-cipher": "[AES128-SHA|AES256-SHA]" }, undefined, [`${VALUE} ssl-cipher`]],
    [{ "ssl-ciphers": "RC4-MD5" }, undefined, [`${VALUE} ssl-ciphers`]],
  ])("%j", (annotations, policy, found) => {
    const parsed = parse(clientTls, annotations);
    expect(parsed.policy).toEqual(policy);
    expect(parsed.found).toEqual(found);
    expect(parsed.denied).toBe(false);
  });

  test("a long list of nothing is reported in part", () => {
    const text = Array.from({ length: 1000 }, (_, n) => `x${n}`).join(":");
    expect(parse(clientTls, { "ssl-cipher": text }).found).toHaveLength(10);
  });
});

test("rules without a host have no TLS of their own", () => {
  const { policy } = parse(clientTls, { "ssl-cipher": ECDHE });
  const context = { certificate: "shop/tls", authorityOf: () => ({}) };
  expect(clientTls.hostTls?.(policy, { ...context, host: "a.test" })).toEqual({ ciphers: [ECDHE] });
  expect(clientTls.hostTls?.(policy, { ...context, host: "*" })).toMatchObject({ key: "ssl-cipher" });
});

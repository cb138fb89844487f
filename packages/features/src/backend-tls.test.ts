import type { References } from "@sluice/feature-api";
import type { Secret } from "@sluice/model";
import type { ClusterHttpProtocolOptions, UpstreamTlsContext } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { backendTls } from "./backend-tls.ts";
import { NO_REFERENCES, parse } from "./testing/feature-bench.ts";
import { TEST_CA } from "./testing/test-ca.ts";

/** References in which the Secrets `pair`, `ca`, `both` and `broken` are what they are called. */
function secrets(): References {
  const bytes = (text: string) => Buffer.from(text);
  const data: Readonly<Record<string, Secret["data"]>> = {
    pair: { "tls.crt": bytes("c"), "tls.key": bytes("k") },
    ca: { "ca.crt": bytes(TEST_CA) },
    both: { "tls.crt": bytes("c"), "tls.key": bytes("k"), "ca.crt": bytes(`${TEST_CA}\n${TEST_CA}`) },
    broken: { "tls.crt": bytes("c"), "ca.crt": bytes("no certificate") },
  };
  return {
    ...NO_REFERENCES,
    secret: (name) => {
      const found = data[name];
      if (found === undefined) return { fault: "a Secret that exists" };
      const metadata = { namespace: "shop", name, labels: {}, annotations: {} };
      return { found: { kind: "Secret", metadata, type: "Opaque", data: found } };
    },
    certificate: (name) =>
      name === "pair" || name === "both" ? { name: `shop/${name}` } : { fault: "a pair" },
  };
}

/** What annotations make of a cluster's TLS, over HTTPS unless they say otherwise. */
function tried(annotations: Readonly<Record<string, string>>) {
  const parsed = parse(backendTls, { "backend-protocol": "HTTPS", ...annotations }, secrets());
  const tls: UpstreamTlsContext = { commonTlsContext: { alpnProtocols: ["h2"] } };
  const http: ClusterHttpProtocolOptions = {};
  if (parsed.policy !== undefined) backendTls.clusterTls?.({ tls, http }, parsed.policy);
  const certificate = parsed.policy === undefined ? undefined : backendTls.clientCertificate?.(parsed.policy);
  return { ...parsed, tls, http, certificate };
}

describe("proxy-ssl-secret", () => {
  test("its pair is the certificate that is shown", () => {
    const { certificate, found, tls } = tried({ "proxy-ssl-secret": "both" });
    expect([certificate, found]).toEqual(["shop/both", []]);
    expect(tls.commonTlsContext?.validationContext).toBeUndefined();
    // What was there stays.
    expect(tls.commonTlsContext?.alpnProtocols).toEqual(["h2"]);
  });

  test("a CA alone is no certificate, and nothing wrong", () => {
    expect(tried({ "proxy-ssl-secret": "ca" })).toMatchObject({ certificate: undefined, found: [] });
  });

  test.each(["missing", "broken", "../x", "a/b/c"])(
    "%j cannot be used: reported, TLS all the same",
    (name) => {
      const { certificate, found, denied, policy } = tried({ "proxy-ssl-secret": name });
      expect([certificate, found, denied]).toEqual([
        undefined,
        ["annotation-secret proxy-ssl-secret"],
        false,
      ]);
      expect(policy).toBeDefined();
    },
  );

  test.each([
    ["", true],
    ["FCGI", true],
    ["HTTPS", undefined],
    ["AUTO_HTTP", undefined],
  ])("with backend-protocol %j: means TLS by itself: %s", (protocol, implied) => {
    const { policy } = tried({ "proxy-ssl-secret": "pair", "backend-protocol": protocol });
    expect(backendTls.speaks?.(policy)?.tls).toBe(implied);
  });

  test.each(["HTTP", "grpc", "HTTP2"])("with backend-protocol %s: no effect", (protocol) => {
    const { policy, found } = tried({ "proxy-ssl-secret": "pair", "backend-protocol": protocol });
    expect([policy, found]).toEqual([undefined, ["annotation-no-effect proxy-ssl-secret"]]);
  });
});

describe("proxy-ssl-verify", () => {
  test("against the CA, for the request's host", () => {
    const { tls, http, found, denied } = tried({ "proxy-ssl-secret": "ca", "proxy-ssl-verify": "on" });
    expect([found, denied]).toEqual([[], false]);
    expect(tls.commonTlsContext?.validationContext).toEqual({
      trustedCa: { inlineBytes: Buffer.from(TEST_CA) },
      maxVerifyDepth: { value: 1 },
    });
    expect(http.upstreamHttpProtocolOptions).toEqual({ autoSanValidation: true });
    expect(tls.maxSessionKeys).toEqual({ value: 0 });
  });

  test("for a name, to a depth", () => {
    const { tls, http, found } = tried({
      "proxy-ssl-secret": "ca",
      "proxy-ssl-verify": "on",
      "proxy-ssl-name": "backend.test",
      "proxy-ssl-verify-depth": "3",
    });
    expect(found).toEqual([]);
    expect(tls.commonTlsContext?.validationContext).toMatchObject({
      maxVerifyDepth: { value: 3 },
      matchTypedSubjectAltNames: [{ sanType: "DNS", matcher: { exact: "backend.test" } }],
    });
    expect([tls.sni, http]).toEqual([undefined, {}]);
  });

  test.each([
    {},
    { "proxy-ssl-secret": "pair" },
    { "proxy-ssl-secret": "broken" },
    { "proxy-ssl-secret": "none" },
  ])("on with %j, which has no CA: closed", (more) => {
    const { denied, found } = tried({ "proxy-ssl-verify": "on", ...more });
    expect(denied).toBe(true);
    expect(found).toContain("annotation-value-denied proxy-ssl-verify");
  });

  test.each(["yes", "ON", "true", "optional"])("%j may be meant as on: closed", (text) => {
    const { denied, found } = tried({ "proxy-ssl-secret": "ca", "proxy-ssl-verify": text });
    expect([denied, found]).toEqual([true, ["annotation-value-denied proxy-ssl-verify"]]);
  });

  test("off: any certificate", () => {
    const { tls, denied } = tried({ "proxy-ssl-secret": "ca", "proxy-ssl-verify": "off" });
    expect([tls.commonTlsContext?.validationContext, denied]).toEqual([undefined, false]);
  });
});

describe("SNI", () => {
  test("the request's host", () => {
    const { tls, http } = tried({ "proxy-ssl-server-name": "on" });
    expect([tls.sni, http.upstreamHttpProtocolOptions]).toEqual([undefined, { autoSni: true }]);
    expect(tls.maxSessionKeys).toBeUndefined();
  });

  test("a name", () => {
    const { tls, http } = tried({ "proxy-ssl-server-name": "on", "proxy-ssl-name": "b.test" });
    expect([tls.sni, http]).toEqual(["b.test", {}]);
  });

  test("none by default, and a name without use is reported", () => {
    expect(tried({ "proxy-ssl-server-name": "off" }).tls.sni).toBeUndefined();
    const { tls, http, found } = tried({ "proxy-ssl-name": "b.test" });
    expect([tls.sni, http, found]).toEqual([undefined, {}, ["annotation-no-effect proxy-ssl-name"]]);
  });
});

describe("versions and ciphers", () => {
  test.each([
    ["TLSv1.2", "TLSv1_2", "TLSv1_2", 0],
    ["TLSv1.2 TLSv1.3", "TLSv1_2", "TLSv1_3", 0],
    ["TLSv1 TLSv1.1 TLSv1.2", "TLSv1_0", "TLSv1_2", 0],
    ["SSLv3 TLSv1.1", "TLSv1_1", "TLSv1_1", 1],
    ["TLSv1.1 TLSv1.3", "TLSv1_1", "TLSv1_3", 1],
  ])("%j: from %s to %s, %i findings", (text, min, max, findings) => {
    const { tls, found } = tried({ "proxy-ssl-protocols": text });
    expect(tls.commonTlsContext?.tlsParams).toMatchObject({
      tlsMinimumProtocolVersion: min,
      tlsMaximumProtocolVersion: max,
    });
    expect(found).toHaveLength(findings);
  });

  test("old versions get suites that they can use", () => {
    const { tls } = tried({ "proxy-ssl-protocols": "TLSv1" });
    expect(tls.commonTlsContext?.tlsParams?.cipherSuites).toContain("AES128-SHA");
  });

  test.each([
    ["AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256", ["AES128-SHA", "ECDHE-RSA-AES128-GCM-SHA256"], 0],
    ["DEFAULT", undefined, 0],
    ["HIGH:!aNULL, AES128-SHA", ["AES128-SHA"], 2],
    ["HIGH", undefined, 1],
  ])("%j: %j", (text, suites, findings) => {
    const { tls, found, denied } = tried({ "proxy-ssl-ciphers": text });
    expect(tls.commonTlsContext?.tlsParams?.cipherSuites).toEqual(suites);
    expect([found.length, denied]).toEqual([findings, false]);
  });
});

test.each([
  ["proxy-ssl-name", "$host"],
  ["proxy-ssl-name", "10.0.0.1"],
  ["proxy-ssl-server-name", "true"],
  ["proxy-ssl-protocols", "SSLv3"],
  ["proxy-ssl-verify-depth", "-1"],
])("%s: %j is ignored, and closes nothing", (key, text) => {
  const { found, denied, policy } = tried({ [key]: text });
  expect([found, denied]).toEqual([[`annotation-value ${key}`], false]);
  expect(policy).toEqual(tried({}).policy ?? { implied: false, sni: false, ciphers: [] });
});

test("every key is reported where TLS is not spoken", () => {
  const annotations = {
    "proxy-ssl-verify": "on",
    "proxy-ssl-name": "b.test",
    "proxy-ssl-server-name": "on",
    "proxy-ssl-protocols": "TLSv1.2",
    "proxy-ssl-ciphers": "AES128-SHA",
    "proxy-ssl-verify-depth": "2",
  };
  const { found, denied } = parse(backendTls, annotations);
  expect(denied).toBe(false);
  expect([...found].sort()).toEqual(
    Object.keys(annotations)
      .map((key) => `annotation-no-effect ${key}`)
      .sort(),
  );
});

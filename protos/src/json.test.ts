import { describe, expect, test } from "vitest";
import { any, encode, fromJson, type Json, TYPE_URLS, toJson } from "./index.ts";

const BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap";

function roundTrip(type: Parameters<typeof fromJson>[0], json: Json): Json {
  return toJson(type, encode(type, fromJson(type, json)));
}

describe("canonical JSON round trips", () => {
  test.each<[string, Parameters<typeof fromJson>[0], Json]>([
    [
      "durations",
      "envoy.config.cluster.v3.Cluster",
      { connectTimeout: "1.500s", dnsRefreshRate: "0.000000001s" },
    ],
    [
      "negative durations",
      "envoy.config.cluster.v3.Cluster",
      { connectTimeout: "-0.250s", dnsRefreshRate: "-3s" },
    ],
    [
      "wrappers of a value and of zero",
      "envoy.config.route.v3.RetryPolicy",
      { numRetries: 2, hostSelectionRetryMaxAttempts: "5" },
    ],
    ["a wrapper of zero", "envoy.config.route.v3.RetryPolicy", { numRetries: 0 }],
    ["enums", TYPE_URLS.VIRTUAL_HOST, { requireTls: "EXTERNAL_ONLY" }],
    ["bytes", "envoy.config.core.v3.DataSource", { inlineBytes: "AP8=" }],
    [
      "names with digits",
      "envoy.config.core.v3.Http1ProtocolOptions",
      { acceptHttp10: true, defaultHostForHttp10: "a" },
    ],
    ["structs", "envoy.config.core.v3.Node", { metadata: { a: [1, null, { b: "x" }, []], c: false, d: {} } }],
    [
      "each Any with its type, nested ones too",
      "envoy.config.core.v3.TypedExtensionConfig",
      {
        name: "x",
        typedConfig: {
          "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
          name: "y",
          typedConfig: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "2s" },
        },
      },
    ],
    ["times", "envoy.admin.v3.UpdateFailureState", { lastUpdateAttempt: "2026-03-01T12:00:00.000001Z" }],
  ])("%s", (_, type, json) => {
    expect(roundTrip(type, json)).toEqual(json);
  });
});

test("names as in the proto are taken, and given back in lower camel case", () => {
  expect(
    roundTrip(TYPE_URLS.ROUTE_CONFIGURATION, { virtual_hosts: [{ name: "v", require_tls: 2 }] }),
  ).toEqual({
    virtualHosts: [{ name: "v", requireTls: "ALL" }],
  });
});

test("an Any of an unknown type, or with bytes that do not fit, is left as it is", () => {
  const unknown = {
    name: "x",
    typedConfig: { typeUrl: "type.googleapis.com/no.Such", value: Uint8Array.from([1, 2]) },
  };
  const broken = {
    name: "x",
    typedConfig: { typeUrl: TYPE_URLS.CLUSTER, value: Uint8Array.from([0x0a, 0x7f]) },
  };
  const type = "envoy.config.core.v3.TypedExtensionConfig";
  expect(toJson(type, encode(type, unknown))).toHaveProperty("typedConfig", {
    "@type": "type.googleapis.com/no.Such",
    value: "AQI=",
  });
  expect(toJson(type, encode(type, broken))).toHaveProperty("typedConfig", {
    "@type": TYPE_URLS.CLUSTER,
    value: "Cn8=",
  });
});

test.each<[string, Json, RegExp]>([
  ["an unknown field", { nam: 1 }, /has no field nam/],
  [
    "an unknown enum value",
    { staticResources: { clusters: [{ lbPolicy: "X" }] } },
    /clusters\[0\]\.lbPolicy/,
  ],
  [
    "an Any without a type",
    {
      staticResources: {
        clusters: [{ loadBalancingPolicy: { policies: [{ typedExtensionConfig: { typedConfig: {} } }] } }],
      },
    },
    /no @type/,
  ],
  ["a list that is none", { staticResources: { clusters: {} } }, /is not an array/],
  ["a duration that is none", { statsFlushInterval: "5 minutes" }, /statsFlushInterval cannot be read/],
])("%s is refused with its place", (_, json, error) => {
  expect(() => fromJson(BOOTSTRAP, json)).toThrow(error);
});

describe("redaction", () => {
  const SECRET_TEXT = "s3cr3t-value";
  const inline = { inlineString: SECRET_TEXT };
  const jwt = any("envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", {
    providers: { p: { issuer: "i", localJwks: inline } },
  });
  const keys = any("envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth", {
    credentials: [{ key: SECRET_TEXT, client: "c" }],
  });
  const provider = any(
    "envoy.extensions.private_key_providers.cryptomb.v3alpha.CryptoMbPrivateKeyMethodConfig",
    {
      privateKey: inline,
    },
  );
  const foreign = { typeUrl: "type.googleapis.com/no.Such", value: Buffer.from(SECRET_TEXT) };

  test.each([
    ["a private key", encode(TYPE_URLS.SECRET, { tlsCertificate: { privateKey: inline } }), TYPE_URLS.SECRET],
    [
      "a key's password",
      encode(TYPE_URLS.SECRET, { tlsCertificate: { password: inline } }),
      TYPE_URLS.SECRET,
    ],
    [
      "a private key provider",
      encode(TYPE_URLS.SECRET, { tlsCertificate: { privateKeyProvider: { typedConfig: provider } } }),
      TYPE_URLS.SECRET,
    ],
    ["a generic secret", encode(TYPE_URLS.SECRET, { genericSecret: { secret: inline } }), TYPE_URLS.SECRET],
    ["ticket keys", encode(TYPE_URLS.SECRET, { sessionTicketKeys: { keys: [inline] } }), TYPE_URLS.SECRET],
    [
      "keys in an Any",
      encode(TYPE_URLS.VIRTUAL_HOST, { typedPerFilterConfig: { a: jwt, b: keys } }),
      TYPE_URLS.VIRTUAL_HOST,
    ],
    [
      "an unknown Any",
      encode(TYPE_URLS.VIRTUAL_HOST, { typedPerFilterConfig: { a: foreign } }),
      TYPE_URLS.VIRTUAL_HOST,
    ],
  ])("hides %s", (_, bytes, type) => {
    const shown = JSON.stringify(toJson(type, bytes, { redact: true }));
    const plain = JSON.stringify(toJson(type, bytes));
    const encoded = Buffer.from(SECRET_TEXT).toString("base64");
    expect(plain.includes(SECRET_TEXT) || plain.includes(encoded)).toBe(true);
    expect(shown).toContain("[redacted]");
    expect(shown).not.toContain(SECRET_TEXT);
    expect(shown).not.toContain(encoded);
  });

  test("shows what is no secret", () => {
    const bytes = encode(TYPE_URLS.SECRET, {
      name: "n",
      tlsCertificate: { certificateChain: { inlineString: "chain" }, privateKey: inline },
    });
    expect(toJson(TYPE_URLS.SECRET, bytes, { redact: true })).toEqual({
      name: "n",
      tlsCertificate: { certificateChain: { inlineString: "chain" }, privateKey: "[redacted]" },
    });
  });
});

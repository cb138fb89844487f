import type { References } from "@sluice/feature-api";
import { checkConstraints, decode, type VirtualHost } from "@sluice/protos";
import { describe, expect, test } from "vitest";
import { clientCertificate } from "./client-certificate.ts";
import { NO_REFERENCES, parse } from "./testing/feature-bench.ts";

const SECRET = { "auth-tls-secret": "clients" };
const AUTHORITY = "shop/clients/ca";

const REFERENCES: References = {
  ...NO_REFERENCES,
  authority: (text) => (text === "clients" ? { name: AUTHORITY } : { fault: "a Secret that exists" }),
};

/** What annotations make of a host's handshakes and of its virtual host. */
function tried(annotations: Readonly<Record<string, string>>, host = "a.test", certificate?: string) {
  const parsed = parse(clientCertificate, annotations, REFERENCES);
  const out: VirtualHost = { name: "v", domains: ["a.test"] };
  const plain: VirtualHost = { name: "v", domains: ["a.test"] };
  if (parsed.policy === undefined) return { ...parsed, tls: undefined, out, plain };
  clientCertificate.virtualHost?.(out, parsed.policy, { https: true });
  clientCertificate.virtualHost?.(plain, parsed.policy, { https: false });
  expect(checkConstraints("envoy.config.route.v3.VirtualHost", out)).toEqual([]);
  const tls = clientCertificate.hostTls?.(parsed.policy, {
    host,
    ...(certificate !== undefined && { certificate }),
    authorityOf: (secret) => (secret === "shop/own" ? { name: "shop/own/ca" } : { fault: "ca.crt" }),
  });
  return { ...parsed, tls, out, plain };
}

const headersOf = ({ requestHeadersToAdd = [] }: VirtualHost) =>
  requestHeadersToAdd.map(({ header }) => `${header?.key}: ${header?.value}`);

/** What the script is told; undefined: it does not run. */
function scriptData({ typedPerFilterConfig = {} }: VirtualHost) {
  const config = typedPerFilterConfig["sluice.client-certificate"];
  if (config === undefined) return undefined;
  const { filterContext } = decode(
    "envoy.extensions.filters.http.lua.v3.LuaPerRoute",
    config.value ?? new Uint8Array(),
  );
  return JSON.parse(JSON.stringify(filterContext ?? {})) as object;
}

describe("handshakes", () => {
  const required = { authority: AUTHORITY, demand: "required", depth: 1, mandatory: true };
  const page = { "auth-tls-error-page": "https://a.test/why" };
  const verify = (mode: string) => ({ ...SECRET, "auth-tls-verify-client": mode });
  test.each([
    [SECRET, required],
    [verify("on"), required],
    [
      { ...SECRET, "auth-tls-verify-depth": "3" },
      { ...required, depth: 3 },
    ],
    [verify("optional"), { authority: AUTHORITY, demand: "optional", depth: 1 }],
    [verify("optional_no_ca"), { authority: AUTHORITY, demand: "unverified", depth: 1 }],
    [
      { ...verify("optional"), "auth-tls-match-cn": "CN=a" },
      { ...required, demand: "optional" },
    ],
    [
      { ...SECRET, ...page },
      { ...required, demand: "unverified" },
    ],
    [
      { ...verify("optional"), ...page },
      { authority: AUTHORITY, demand: "unverified", depth: 1 },
    ],
  ])("%j", (annotations, clients) => {
    expect(tried(annotations)).toMatchObject({ tls: { clients }, found: [], denied: false });
  });

  test("off asks for nothing", () => {
    expect(tried(verify("off"))).toMatchObject({ policy: undefined, found: [], denied: false });
  });

  test("without a Secret the host's certificate has the authority, or there is none", () => {
    const annotations = { "auth-tls-verify-client": "on" };
    expect(tried(annotations, "a.test", "shop/own").tls).toMatchObject({
      clients: { authority: "shop/own/ca" },
    });
    expect(tried(annotations, "a.test", "shop/other").tls).toMatchObject({ fault: "ca.crt" });
    expect(tried(annotations).tls).toMatchObject({ key: "auth-tls-verify-client" });
  });

  test("rules without a host cannot have any", () => {
    expect(tried(SECRET, "*").tls).toMatchObject({ key: "auth-tls-secret", fault: expect.any(String) });
  });
});

describe("bad values", () => {
  const DENIED = "annotation-value-denied";
  test.each([
    [{ "auth-tls-secret": "missing" }, [`${DENIED} auth-tls-secret`]],
    [{ ...SECRET, "auth-tls-verify-client": "yes" }, [`${DENIED} auth-tls-verify-client`]],
    [{ ...SECRET, "auth-tls-match-cn": "alice" }, [`${DENIED} auth-tls-match-cn`]],
    [{ ...SECRET, "auth-tls-match-cn": "CN=(" }, [`${DENIED} auth-tls-match-cn`]],
    [{ ...SECRET, "auth-tls-match-cn": "CN=" }, [`${DENIED} auth-tls-match-cn`]],
    [{ ...SECRET, "auth-tls-match-cn": "CN=(?!x)" }, [`${DENIED} auth-tls-match-cn`]],
  ])("%j closes", (annotations, found) => {
    expect(tried(annotations)).toMatchObject({ found, denied: true });
  });

  test.each([
    [{ ...SECRET, "auth-tls-verify-depth": "-1" }, "annotation-value auth-tls-verify-depth"],
    [{ ...SECRET, "auth-tls-verify-depth": "101" }, "annotation-value auth-tls-verify-depth"],
    [
      { ...SECRET, "auth-tls-pass-certificate-to-upstream": "on" },
      "annotation-value auth-tls-pass-certificate-to-upstream",
    ],
    [{ ...SECRET, "auth-tls-error-page": "/error" }, "annotation-value auth-tls-error-page"],
    [
      { ...SECRET, "auth-tls-error-page": "https://a.test/$request_uri" },
      "annotation-value auth-tls-error-page",
    ],
    [
      { ...SECRET, "auth-tls-verify-client": "optional_no_ca", "auth-tls-error-page": "https://a.test/" },
      "annotation-no-effect auth-tls-error-page",
    ],
    [{ "auth-tls-verify-depth": "2" }, "annotation-no-effect auth-tls-verify-depth"],
  ])("%j opens nothing", (annotations, found) => {
    expect(tried(annotations)).toMatchObject({ found: [found], denied: false });
  });
});

describe("what a host is told to do", () => {
  const DN = [
    "ssl-client-subject-dn: %DOWNSTREAM_PEER_SUBJECT%",
    "ssl-client-issuer-dn: %DOWNSTREAM_PEER_ISSUER%",
  ];

  test("on: the handshake has verified all, so no filter runs", () => {
    const { out, plain } = tried(SECRET);
    expect(headersOf(out)).toEqual(["ssl-client-verify: SUCCESS", ...DN]);
    expect(out.typedPerFilterConfig).toEqual({});
    expect(plain).toEqual({ name: "v", domains: ["a.test"] });
  });

  test("the certificate is passed on if it is asked for", () => {
    const { out } = tried({ ...SECRET, "auth-tls-pass-certificate-to-upstream": "true" });
    expect(headersOf(out)).toContain("ssl-client-cert: %DOWNSTREAM_PEER_CERT%");
  });

  test.each<[Readonly<Record<string, string>>, object]>([
    [{ "auth-tls-verify-client": "optional" }, {}],
    [{ "auth-tls-verify-client": "optional_no_ca" }, {}],
    [{ "auth-tls-verify-client": "optional_no_ca", "auth-tls-match-cn": "CN=a" }, { refuse: "failed" }],
    [{ "auth-tls-error-page": "https://a.test/" }, { refuse: "all", page: "https://a.test/" }],
    [
      { "auth-tls-verify-client": "optional", "auth-tls-error-page": "https://a.test/" },
      { refuse: "failed", page: "https://a.test/" },
    ],
  ])("%j: the verdict is the script's, told %j", (annotations, expected) => {
    const { out } = tried({ ...SECRET, ...annotations });
    expect(headersOf(out)).toEqual(DN);
    const text = JSON.stringify(scriptData(out));
    for (const [name, value] of Object.entries(expected)) {
      expect(text).toContain(JSON.stringify(name));
      expect(text).toContain(JSON.stringify(value));
    }
    if (Object.keys(expected).length === 0) expect(text).not.toContain("refuse");
  });

  test("a subject is searched for, and is part of no script", () => {
    const { out } = tried({ ...SECRET, "auth-tls-match-cn": "CN=(alice|bob)" });
    const config = out.typedPerFilterConfig?.["sluice.client-subject"]?.value ?? new Uint8Array();
    expect(Buffer.from(config).toString("latin1")).toContain("(?s:.*)(?:CN=(alice|bob))(?s:.*)");
    expect(scriptData(out)).toBeUndefined();
  });
});

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MSE_CIPHERS } from "@sluice/model";
import { describe, expect, it } from "vitest";
import { testAuthority } from "../support/authority.ts";
import { type KeyPair, selfSigned } from "../support/certificate.ts";
import { handshake } from "../support/handshake.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, tlsSecret, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const authority = await testAuthority("Clients");
const stranger = await testAuthority("Strangers");
const next = await testAuthority("Next clients");

const alice = await authority.issue("CN=alice,O=Shop");
const bob = await authority.issue("CN=bob,O=Shop");
const deep = await authority.issue("CN=deep", { intermediates: 1 });
const deeper = await authority.issue("CN=deeper", { intermediates: 2 });
const expired = await authority.issue("CN=alice,O=Shop", { endsInHours: -1 });
const mallory = await stranger.issue("CN=alice,O=Shop");
const renewed = await next.issue("CN=carol,O=Shop");

const opaque = (name: string, data: Readonly<Record<string, string>>, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
  stringData: data,
});

const host = (name: string): string => `${name}.tls.example.com`;

/** Annotations of a host each, which has a certificate of its own unless its name begins with `bare`. */
const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  "bare-plain": {},
  old: { "tls-min-protocol-version": "TLSv1.0", "tls-max-protocol-version": "TLSv1.1" },
  all: { "tls-min-protocol-version": "TLSv1.0" },
  max: { "tls-max-protocol-version": "TLSv1.1" },
  newest: { "tls-min-protocol-version": "TLSv1.3" },
  "bare-newest": { "tls-min-protocol-version": "TLSv1.3" },
  suite: { "ssl-cipher": "NOPE,ECDHE-ECDSA-AES256-GCM-SHA384", "tls-max-protocol-version": "TLSv1.2" },
  suites: { "ssl-ciphers": "ECDHE-ECDSA-AES128-SHA:ALL:!aNULL", "tls-max-protocol-version": "TLSv1.2" },
  crossed: { "tls-min-protocol-version": "TLSv1.3", "tls-max-protocol-version": "TLSv1.2" },
  badversion: { "tls-min-protocol-version": "SSLv3" },
  on: {
    "auth-tls-secret": "clients",
    "auth-tls-pass-certificate-to-upstream": "true",
    "ssl-redirect": "false",
  },
  "also-on": { "auth-tls-secret": "default/clients" },
  "bare-on": { "auth-tls-secret": "clients" },
  off: { "auth-tls-secret": "clients", "auth-tls-verify-client": "off" },
  optional: { "auth-tls-secret": "clients", "auth-tls-verify-client": "optional", "ssl-redirect": "false" },
  anybody: {
    "auth-tls-secret": "clients",
    "auth-tls-verify-client": "optional_no_ca",
    "auth-tls-pass-certificate-to-upstream": "true",
  },
  flat: { "auth-tls-secret": "clients", "auth-tls-verify-depth": "0" },
  deepest: { "auth-tls-secret": "clients", "auth-tls-verify-depth": "2" },
  named: { "auth-tls-secret": "clients", "auth-tls-match-cn": "CN=(alice|carol)" },
  "named-optional": {
    "auth-tls-secret": "clients",
    "auth-tls-verify-client": "optional",
    "auth-tls-match-cn": "CN=alice",
    "ssl-redirect": "false",
  },
  "named-anybody": {
    "auth-tls-secret": "clients",
    "auth-tls-verify-client": "optional_no_ca",
    "auth-tls-match-cn": "CN=alice",
  },
  page: { "auth-tls-secret": "clients", "auth-tls-error-page": "https://www.example.com/why?x=1" },
  "page-optional": {
    "auth-tls-secret": "clients",
    "auth-tls-verify-client": "optional",
    "auth-tls-error-page": "https://www.example.com/why",
  },
  revoked: { "auth-tls-secret": "with-list" },
  rotates: { "auth-tls-secret": "rotating" },
  beside: { "auth-tls-secret": "beside-tls" },
  implied: { "auth-tls-verify-client": "on" },
};

/** Annotations that close the host, and the key that is blamed. */
const CLOSED: readonly [blamed: string, annotations: Readonly<Record<string, string>>][] = [
  ["auth-tls-secret", { "auth-tls-secret": "missing" }],
  ["auth-tls-secret", { "auth-tls-secret": "empty" }],
  ["auth-tls-secret", { "auth-tls-secret": "garbage" }],
  ["auth-tls-secret", { "auth-tls-secret": "bad-list" }],
  ["auth-tls-secret", { "auth-tls-secret": "refused-list" }],
  ["auth-tls-secret", { "auth-tls-secret": "elsewhere/clients" }],
  ["auth-tls-verify-client", { "auth-tls-secret": "clients", "auth-tls-verify-client": "yes" }],
  ["auth-tls-match-cn", { "auth-tls-secret": "clients", "auth-tls-match-cn": "alice" }],
  ["auth-tls-match-cn", { "auth-tls-secret": "clients", "auth-tls-match-cn": "CN=(?=x)" }],
  ["auth-tls-verify-client", { "auth-tls-verify-client": "on" }],
];

const IGNORED: readonly [key: string, value: string, code: string][] = [
  ["auth-tls-verify-depth", "deep", "annotation-value"],
  ["auth-tls-pass-certificate-to-upstream", "yes", "annotation-value"],
  ["auth-tls-error-page", "/here", "annotation-value"],
];

const LONELY = ["auth-tls-verify-depth", "auth-tls-pass-certificate-to-upstream", "auth-tls-error-page"];

/** What the older and the younger Ingress of a host say. */
const LOOSENED: Readonly<
  Record<
    string,
    readonly [older: Readonly<Record<string, string>>, younger: Readonly<Record<string, string>>]
  >
> = {
  "loosened-off": [{ "auth-tls-secret": "clients" }, { "auth-tls-verify-client": "off" }],
  "loosened-any": [{ "auth-tls-secret": "clients" }, { "auth-tls-verify-client": "optional_no_ca" }],
  "loosened-depth": [{ "auth-tls-secret": "clients" }, { "auth-tls-verify-depth": "9" }],
  "loosened-authority": [{ "auth-tls-verify-client": "on" }, { "auth-tls-secret": "strangers" }],
};

const loosened = async ([name, [older, younger]]: readonly [string, (typeof LOOSENED)[string]]) => {
  const secretName = `${name}-tls`;
  const pair = await selfSigned([host(name)]);
  const tls = [{ hosts: [host(name)], secretName }];
  return [
    opaque(secretName, { "tls.crt": pair.chain, "tls.key": pair.key, "ca.crt": authority.ca }),
    ingress({ name, host: host(name), annotations: older, tls, createdAt: "2024-01-01T00:00:00Z" }),
    ingress({
      name: `${name}-younger`,
      namespace: "elsewhere",
      host: host(name),
      annotations: younger,
      paths: [{ path: "/elsewhere", service: "echo" }],
      createdAt: "2025-01-01T00:00:00Z",
    }),
  ];
};

const served = async (name: string, annotations: Readonly<Record<string, string>>): Promise<object[]> => {
  const secretName = `${name}-tls`;
  const over = { name, host: host(name), annotations };
  if (name.startsWith("bare")) return [ingress(over)];
  const pair = await selfSigned([host(name)]);
  const ca = name === "implied" ? { "ca.crt": authority.ca } : {};
  return [
    opaque(secretName, { "tls.crt": pair.chain, "tls.key": pair.key, ...ca }),
    ingress({ ...over, tls: [{ hosts: [host(name)], secretName }] }),
  ];
};

const shared = useGateway({
  backends: ["echo"],
  objects: async () => [
    opaque("clients", { "ca.crt": authority.ca }),
    opaque("clients", { "ca.crt": authority.ca }, "elsewhere"),
    opaque("with-list", { "ca.crt": authority.ca, "ca.crl": await authority.revoke(bob.serialNumber) }),
    opaque("beside-tls-cacert", { "ca.crt": authority.ca }),
    opaque("empty", { other: "x" }),
    opaque("garbage", { "ca.crt": "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n" }),
    // Well-formed to us, and refused by Envoy.
    opaque("refused-list", { "ca.crt": authority.ca, "ca.crl": await authority.revokeOddly() }),
    opaque("bad-list", { "ca.crt": authority.ca, "ca.crl": "nonsense" }),
    ...(await Promise.all(Object.entries(HOSTS).map(([name, each]) => served(name, each)))).flat(),
    ...(await Promise.all(CLOSED.map(([, each], n) => served(`closed${n}`, each)))).flat(),
    ...(
      await Promise.all(
        IGNORED.map(([key, value], n) =>
          served(`ignored${n}`, { "auth-tls-secret": "clients", [key]: value }),
        ),
      )
    ).flat(),
    ...(
      await Promise.all(
        LONELY.map((key, n) => served(`lonely${n}`, { [key]: n === 2 ? "https://a.test/" : "true" })),
      )
    ).flat(),
    // Wildcard hosts: one with a policy, over hosts with and without one.
    tlsSecret("wild-tls", await selfSigned(["*.wild.example.com"])),
    ingress({
      name: "wild",
      host: "*.wild.example.com",
      annotations: { "auth-tls-secret": "clients" },
      tls: [{ hosts: ["*.wild.example.com"], secretName: "wild-tls" }],
    }),
    ingress({ name: "open", host: "open.wild.example.com" }),
    ingress({
      name: "strict",
      host: "strict.wild.example.com",
      annotations: { "tls-min-protocol-version": "TLSv1.3" },
    }),
    ingress({
      name: "aliased",
      host: "aliased.example.com",
      annotations: { "auth-tls-secret": "clients", "server-alias": "alias.example.com" },
    }),
    // Two Ingresses for a host: the younger, of another namespace, tries to loosen what the older one asks for.
    opaque("strangers", { "ca.crt": stranger.ca }, "elsewhere"),
    ...(await Promise.all(Object.entries(LOOSENED).map(loosened))).flat(),
    ingress({
      name: "hostless",
      annotations: { "auth-tls-secret": "clients" },
      paths: [{ path: "/hostless", service: "echo" }],
    }),
  ],
});

const greet = (name: string, options: Parameters<typeof handshake>[2] = {}) =>
  handshake(shared.gateway.httpsPort, host(name), options);

/** Status over https; `refused` where the handshake, or the connection behind it, fails. */
const ask = async (
  name: string,
  client?: KeyPair,
  more: { servername?: string; headers?: Readonly<Record<string, string>> } = {},
) => {
  try {
    const answer = await shared.send({
      host: name.includes(".") ? name : host(name),
      https: true,
      ...(client && { client }),
      ...more,
    });
    const seen = answer.status === 200 ? answer.seen().headers : {};
    return { status: answer.status, seen, location: answer.headers.location };
  } catch {
    return { status: "refused" as const, seen: {}, location: undefined };
  }
};

const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;

/** What `openssl s_client` agrees on; undefined if there is no agreement. */
function openssl(name: string, ...options: readonly string[]): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = `127.0.0.1:${shared.gateway.httpsPort}`;
  const child = execFile(
    "openssl",
    ["s_client", "-connect", server, "-servername", host(name), "-brief", ...options],
    (error, stdout, stderr) => {
      const said = stdout + stderr;
      const version = /Protocol version: (\S+)/.exec(said)?.[1];
      const suite = /Ciphersuite: (\S+)/.exec(said)?.[1];
      resolve(error || version === undefined ? undefined : `${version} ${suite}`);
    },
  );
  child.stdin?.end();
  return promise;
}

const VERSION_OPTIONS = { TLSv1: "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3" };
type Version = keyof typeof VERSION_OPTIONS;

describe("versions", () => {
  const offered: Readonly<Record<string, readonly Version[]>> = {
    plain: ["TLSv1.2", "TLSv1.3"],
    old: ["TLSv1", "TLSv1.1"],
    all: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
    max: ["TLSv1", "TLSv1.1"],
    newest: ["TLSv1.3"],
    "bare-newest": ["TLSv1.3"],
    crossed: ["TLSv1.2", "TLSv1.3"],
    badversion: ["TLSv1.2", "TLSv1.3"],
  };
  it.each(Object.entries(offered))("%s: %j", async (name, versions) => {
    for (const [version, option] of Object.entries(VERSION_OPTIONS)) {
      const agreed = await openssl(name, option, "-cipher", "ALL:@SECLEVEL=0");
      if (versions.some((each) => each === version)) expect(agreed).toMatch(new RegExp(`^${version} `));
      else expect([version, agreed]).toEqual([version, undefined]);
    }
  });
});

describe("ciphers", () => {
  const ecdsa = MSE_CIPHERS.filter((cipher) => cipher.includes("ECDSA"));
  it("MSE's where old versions are allowed", async () => {
    for (const cipher of ecdsa)
      expect(await openssl("all", "-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`)).toBe(`TLSv1.2 ${cipher}`);
    expect(await openssl("all", "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")).toBeUndefined();
  });

  it.each([
    ["suite", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"],
    ["suites", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-GCM-SHA384"],
  ])("%s: %s, and not %s", async (name, cipher, other) => {
    expect((await greet(name, { ciphers: "ALL" })).cipher).toBe(cipher);
    await expect(greet(name, { ciphers: other })).rejects.toThrow();
  });

  it("what Envoy does not know is dropped and reported", () => {
    expect(shared.diagnostics("suite")).toMatchObject([{ code: "annotation-value", value: "NOPE" }]);
    expect(shared.diagnostics("suites").map(({ value }) => value)).toEqual(["!aNULL", "ALL"]);
    expect(shared.diagnostics("crossed")).toHaveLength(2);
    expect(shared.diagnostics("badversion")).toMatchObject([{ code: "annotation-value", value: "SSLv3" }]);
  });
});

describe("client certificates", () => {
  it.each<[name: string, who: string, client: KeyPair | undefined, expected: string | number]>([
    ["on", "alice", alice, 200],
    ["on", "nobody", undefined, "refused"],
    ["on", "a stranger", mallory, "refused"],
    ["on", "an expired one", expired, "refused"],
    ["on", "one behind an intermediate", deep, 200],
    ["on", "one behind two", deeper, "refused"],
    ["flat", "alice", alice, 200],
    ["flat", "one behind an intermediate", deep, "refused"],
    ["deepest", "one behind two", deeper, 200],
    ["bare-on", "alice", alice, 200],
    ["bare-on", "nobody", undefined, "refused"],
    ["off", "nobody", undefined, 200],
    ["optional", "alice", alice, 200],
    ["optional", "nobody", undefined, 200],
    ["optional", "a stranger", mallory, "refused"],
    ["anybody", "nobody", undefined, 200],
    ["anybody", "a stranger", mallory, 200],
    ["named", "alice", alice, 200],
    ["named", "bob", bob, 403],
    ["named-optional", "alice", alice, 200],
    ["named-optional", "nobody", undefined, 403],
    ["named-anybody", "alice", alice, 200],
    ["named-anybody", "a stranger of that name", mallory, 403],
    ["named-anybody", "nobody", undefined, 403],
    ["page", "alice", alice, 200],
    ["page", "nobody", undefined, 302],
    ["page", "a stranger", mallory, 302],
    ["page-optional", "nobody", undefined, 200],
    ["page-optional", "a stranger", mallory, 302],
    ["revoked", "alice", alice, 200],
    ["revoked", "bob, who is revoked", bob, "refused"],
    ["beside", "alice", alice, 200],
    ["beside", "nobody", undefined, "refused"],
    ["implied", "alice", alice, 200],
    ["implied", "nobody", undefined, "refused"],
  ])("%s with %s: %j", async (name, _who, client, expected) => {
    expect(await status(name, client)).toBe(expected);
  });

  it.each(Object.keys(LOOSENED))("%s: a younger Ingress loosens nothing", async (name) => {
    expect(await status(name, alice)).toBe(200);
    expect(await status(name)).toBe("refused");
    expect(await status(name, mallory)).toBe("refused");
    expect(await status(name, deeper)).toBe("refused");
    expect(shared.diagnostics(`${name}-younger`)).toContainEqual(
      expect.objectContaining({ code: "annotation-overruled" }),
    );
  });

  it("the error page is where clients are sent", async () => {
    expect((await ask("page")).location).toBe("https://www.example.com/why?x=1");
  });

  it("is never taken over in a session", async () => {
    const { spawnSync } = await import("node:child_process");
    const folder = mkdtempSync(join(tmpdir(), "sluice-session-"));
    writeFileSync(join(folder, "c.pem"), alice.chain + alice.key);
    const session = join(folder, "session.pem");
    const common = [
      "s_client",
      "-connect",
      `127.0.0.1:${shared.gateway.httpsPort}`,
      "-servername",
      host("on"),
      "-tls1_2",
    ];
    const first = spawnSync(
      "openssl",
      [...common, "-cert", join(folder, "c.pem"), "-key", join(folder, "c.pem"), "-sess_out", session],
      { input: "" },
    );
    expect(first.status).toBe(0);
    const second = spawnSync("openssl", [...common, "-sess_in", session], { input: "" });
    expect(second.stdout.toString()).not.toContain("Reused");
    rmSync(folder, { recursive: true });
  });
});

describe("what backends are told", () => {
  const FORGED = {
    "ssl-client-verify": "SUCCESS",
    "ssl-client-subject-dn": "CN=root",
    "ssl-client-cert": "x",
    "SSL-Client-Foo": "x",
  };
  const told = (seen: object) =>
    Object.fromEntries(Object.entries(seen).filter(([name]) => name.startsWith("ssl-client-")));

  it.each<[name: string, client: KeyPair | undefined, expected: Readonly<Record<string, unknown>>]>([
    [
      "on",
      alice,
      {
        "ssl-client-verify": "SUCCESS",
        "ssl-client-subject-dn": "O=Shop,CN=alice",
        "ssl-client-issuer-dn": "CN=Clients",
        "ssl-client-cert": expect.stringMatching(/^-----BEGIN%20CERTIFICATE-----%0A/),
      },
    ],
    ["optional", undefined, { "ssl-client-verify": "NONE" }],
    [
      "optional",
      alice,
      {
        "ssl-client-verify": "SUCCESS",
        "ssl-client-subject-dn": "O=Shop,CN=alice",
        "ssl-client-issuer-dn": "CN=Clients",
      },
    ],
    [
      "anybody",
      mallory,
      {
        "ssl-client-verify": "FAILED:certificate not trusted",
        "ssl-client-subject-dn": "O=Shop,CN=alice",
        "ssl-client-issuer-dn": "CN=Strangers",
        "ssl-client-cert": expect.any(String),
      },
    ],
    ["plain", alice, {}],
    ["off", undefined, {}],
  ])("%s", async (name, client, expected) => {
    const { seen } = await ask(name, client, { headers: FORGED });
    expect(told(seen)).toEqual(expected);
  });

  it("the certificate that is passed is the client's", async () => {
    const { seen } = await ask("on", alice);
    const pem = decodeURIComponent(
      String(Object.entries(seen).find(([name]) => name === "ssl-client-cert")?.[1]),
    );
    expect(pem.replace(/\s/g, "")).toBe(alice.chain.replace(/\s/g, ""));
  });

  it("nothing that a client says of itself comes through over plain HTTP", async () => {
    const answer = await shared.send({ host: host("bare-plain"), headers: FORGED });
    expect(told(answer.seen().headers)).toEqual({});
  });
});

describe("plain HTTP", () => {
  it.each([
    ["on", 403],
    ["also-on", 308],
    ["bare-on", 403],
    ["named-optional", 403],
    ["optional", 200],
    ["bare-plain", 200],
  ])("%s: %i", async (name, expected) => {
    expect((await shared.send({ host: host(name) })).status).toBe(expected);
  });
});

describe("connections for another name", () => {
  it.each<[name: string, servername: string, expected: string | number]>([
    ["on", "", 421],
    ["on", "unknown.example.com", 421],
    ["on", host("bare-plain"), 421],
    ["on", host("plain"), 421],
    ["on", host("optional"), 421],
    ["bare-on", "", 421],
    ["bare-on", host("bare-plain"), 421],
    ["newest", "", 421],
    ["newest", host("plain"), 421],
    ["bare-newest", "", 421],
    ["plain", host("on"), 421],
    ["plain", "", 200],
    ["bare-plain", "", 200],
    ["open.wild.example.com", "x.wild.example.com", 421],
    ["strict.wild.example.com", "x.wild.example.com", 421],
    ["x.wild.example.com", "open.wild.example.com", 421],
    ["x.wild.example.com", "", 421],
    ["alias.example.com", "", 421],
  ])("%s over %j: %j", async (name, servername, expected) => {
    expect(await status(name, alice, { servername })).toBe(expected);
  });

  it("HTTP/2 connections that are reused for another host", async () => {
    const over = async (servername: string, name: string, client?: KeyPair) => {
      const session = http2Session({
        port: shared.gateway.httpsPort,
        servername: host(servername),
        ...(client && { client }),
      });
      const answer = await http2Request(session, { ":path": "/", ":authority": host(name) });
      session.destroy();
      return answer.status;
    };
    expect(await over("plain", "on")).toBe(421);
    expect(await over("bare-plain", "on")).toBe(421);
    expect(await over("optional", "on")).toBe(421);
    expect(await over("on", "plain", alice)).toBe(421);
    expect(await over("on", "on", alice)).toBe(200);
    // Both without a certificate of their own, under one policy: they share a chain.
    expect(await over("bare-on", "bare-on", alice)).toBe(200);
  });
});

describe("wildcards, aliases and rules without a host", () => {
  it.each<[name: string, client: KeyPair | undefined, expected: string | number]>([
    ["x.wild.example.com", undefined, "refused"],
    ["x.wild.example.com", alice, 200],
    ["open.wild.example.com", undefined, 200],
    ["strict.wild.example.com", undefined, 200],
    ["aliased.example.com", undefined, "refused"],
    ["alias.example.com", undefined, "refused"],
    ["alias.example.com", alice, 200],
  ])("%s: %j", async (name, client, expected) => {
    if (name === "revoked") expect(shared.diagnostics("with-list")).toEqual(["x"]);
    expect(await status(name, client)).toBe(expected);
  });

  it("a host under a wildcard keeps the certificate that is for it", async () => {
    const name = async (servername: string) => (await handshake(shared.gateway.httpsPort, servername)).name;
    expect(await name("open.wild.example.com")).toBe("*.wild.example.com");
    expect(await name("strict.wild.example.com")).toBe("*.wild.example.com");
  });

  it("rules without a host cannot have client certificates: closed", async () => {
    const answer = await shared.send({ host: "unknown.example.com", path: "/hostless" });
    expect(answer.status).toBe(503);
    expect(shared.diagnostics("hostless")).toMatchObject([
      { code: "annotation-value-denied", key: "mse.ingress.kubernetes.io/auth-tls-secret" },
    ]);
  });
});

describe("what cannot be built", () => {
  it.each(CLOSED.map(([blamed, annotations], n) => ({ blamed, annotations, n })))(
    "$annotations: 503 behind the host's certificate",
    async ({ blamed, n }) => {
      const name = `closed${n}`;
      expect((await greet(name)).name).toBe(host(name));
      expect(await status(name)).toBe(503);
      expect(await status(name, alice, { servername: "" })).toBe(503);
      expect(shared.diagnostics(name)).toMatchObject([
        { code: "annotation-value-denied", key: `mse.ingress.kubernetes.io/${blamed}` },
      ]);
    },
  );

  it.each(IGNORED.map(([key, value, code], n) => ({ key, value, code, n })))(
    "$key: $value is ignored, and the host stays protected",
    async ({ key, code, n }) => {
      expect(await status(`ignored${n}`)).toBe("refused");
      expect(await status(`ignored${n}`, alice)).toBe(200);
      expect(shared.diagnostics(`ignored${n}`)).toMatchObject([
        { code, key: `mse.ingress.kubernetes.io/${key}` },
      ]);
    },
  );

  it("keys that ask for no certificate have no effect alone", async () => {
    for (const n of LONELY.keys()) {
      expect(await status(`lonely${n}`)).toBe(200);
      expect(shared.diagnostics(`lonely${n}`)).toMatchObject([{ code: "annotation-no-effect" }]);
    }
  });
});

describe("a Secret that changes", () => {
  const apply = (data: Readonly<Record<string, string>>) =>
    shared.gateway.apply("rotating.yaml", yamlOf(opaque("rotating", data)));
  const connections = async (client: KeyPair) => {
    const session = http2Session({ port: shared.gateway.httpsPort, servername: host("rotates"), client });
    return {
      ask: async () => (await http2Request(session, { ":path": "/", ":authority": host("rotates") })).status,
      close: () => session.destroy(),
    };
  };

  it("is followed by new connections, and ends no others", async () => {
    await apply({ "ca.crt": authority.ca });
    expect(await status("rotates", alice)).toBe(200);
    expect(await status("rotates", renewed)).toBe("refused");
    const [own, other] = [
      await connections(alice),
      http2Session({ port: shared.gateway.httpsPort, servername: host("plain") }),
    ];
    expect(await own.ask()).toBe(200);

    await apply({ "ca.crt": authority.ca + next.ca });
    await expect.poll(() => status("rotates", renewed)).toBe(200);
    expect(await status("rotates", alice)).toBe(200);

    await apply({ "ca.crt": next.ca });
    await expect.poll(() => status("rotates", alice)).toBe("refused");
    expect(await status("rotates", renewed)).toBe(200);
    expect(await own.ask()).toBe(200);

    await apply({ "ca.crt": next.ca, "ca.crl": await next.revoke(renewed.serialNumber) });
    await expect.poll(() => status("rotates", renewed)).toBe("refused");

    await apply({ "ca.crt": "nonsense" });
    expect(await status("rotates", renewed)).toBe(503);
    expect((await greet("rotates")).name).toBe(host("rotates"));
    expect(shared.diagnostics("rotates")).toMatchObject([{ code: "annotation-value-denied" }]);
    expect(await status("on", alice)).toBe(200);
    const answer = await http2Request(other, { ":path": "/", ":authority": host("plain") });
    expect(answer.status).toBe(200);

    await apply({ "ca.crt": next.ca });
    await expect.poll(() => status("rotates", renewed)).toBe(200);
    expect(await status("rotates")).toBe("refused");
    own.close();
    other.destroy();
  });
});

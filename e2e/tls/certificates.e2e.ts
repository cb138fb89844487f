import { describe, expect, it } from "vitest";
import { selfSigned } from "../support/certificate.ts";
import { handshake } from "../support/handshake.ts";
import { http2Request, http2Session } from "../support/http2.ts";
import { ingress, tlsSecret } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const DEFAULT = "Sluice default certificate";

const tls = (secretName: string | undefined, ...hosts: string[]) => [
  secretName === undefined ? { hosts } : { hosts, secretName },
];

/** Secrets that cannot be used as they are: by name of the host before `.bad.example.com`. */
const FAULTS: Readonly<Record<string, readonly [code: string, serves: "default" | "own"]>> = {
  missing: ["certificate-missing", "default"],
  "no-secret": ["certificate-missing", "default"],
  elsewhere: ["certificate-missing", "default"],
  garbage: ["certificate-invalid", "default"],
  "no-key": ["certificate-invalid", "default"],
  mismatch: ["certificate-invalid", "default"],
  other: ["certificate-host", "default"],
  expired: ["certificate-expired", "own"],
};

const shared = useGateway({
  backends: ["echo"],
  objects: async () => {
    const bad = (name: string) => `${name}.bad.example.com`;
    const [pair, stranger] = await Promise.all([selfSigned([bad("mismatch")]), selfSigned([bad("x")])]);
    const names = ["a.example.com", "two.example.com", "three.example.com"];
    return [
      tlsSecret("a", await selfSigned(["a.example.com"], { commonName: "cert a" })),
      tlsSecret("rsa", await selfSigned(["rsa.example.com"], { algorithm: "rsa" })),
      tlsSecret("pair", await selfSigned(names.slice(1), { commonName: "cert pair" })),
      tlsSecret("wild", await selfSigned(["*.wild.example.com"], { commonName: "cert wild" })),
      tlsSecret("special", await selfSigned(["special.wild.example.com"], { commonName: "cert special" })),
      tlsSecret("old", await selfSigned(["shared.example.com"], { commonName: "cert old" })),
      tlsSecret("young", await selfSigned(["shared.example.com"], { commonName: "cert young" })),
      ingress({ name: "a", host: "a.example.com", tls: tls("a", "a.example.com") }),
      ingress({ name: "rsa", host: "rsa.example.com", tls: tls("rsa", "rsa.example.com") }),
      ...names.slice(1).map((host) => ingress({ name: host, host, tls: tls("pair", ...names.slice(1)) })),
      ingress({ name: "wild", host: "*.wild.example.com", tls: tls("wild", "*.wild.example.com") }),
      ingress({ name: "below", host: "below.wild.example.com", tls: tls("wild", "below.wild.example.com") }),
      ingress({
        name: "special",
        host: "special.wild.example.com",
        tls: tls("special", "special.wild.example.com"),
      }),
      ingress({ name: "plain", host: "plain.example.com" }),
      ingress({ name: "hostless", paths: [{ path: "/hostless", service: "echo" }] }),
      ...["old", "young"].map((name, age) =>
        ingress({
          name,
          host: "shared.example.com",
          tls: tls(name, "shared.example.com"),
          createdAt: `2026-01-0${age + 1}T00:00:00Z`,
          paths: [{ path: `/${name}`, service: "echo" }],
        }),
      ),
      ...Object.keys(FAULTS).map((name) =>
        ingress({ name, host: bad(name), tls: tls(name === "no-secret" ? undefined : name, bad(name)) }),
      ),
      ingress({ name: "fine", host: bad("fine"), tls: tls("fine", bad("fine")) }),
      tlsSecret("fine", await selfSigned([bad("fine")])),
      tlsSecret("elsewhere", await selfSigned([bad("elsewhere")]), "elsewhere"),
      tlsSecret("garbage", { chain: "-----BEGIN CERTIFICATE-----\nnonsense\n", key: "nonsense" }),
      tlsSecret("no-key", { chain: pair.chain, key: "" }),
      tlsSecret("mismatch", { chain: pair.chain, key: stranger.key }),
      tlsSecret("other", await selfSigned(["somebody.example.com"])),
      tlsSecret(
        "expired",
        await selfSigned([bad("expired")], { endsInHours: -1, commonName: "cert expired" }),
      ),
    ];
  },
});

const greet = (servername: string, options = {}) => handshake(shared.gateway.httpsPort, servername, options);

describe("which certificate", () => {
  it.each([
    ["a.example.com", "cert a"],
    ["A.Example.COM", "cert a"],
    ["rsa.example.com", "rsa.example.com"],
    ["two.example.com", "cert pair"],
    ["three.example.com", "cert pair"],
    ["any.wild.example.com", "cert wild"],
    ["below.wild.example.com", "cert wild"],
    ["special.wild.example.com", "cert special"],
    ["wild.example.com", DEFAULT],
    ["shared.example.com", "cert old"],
    ["plain.example.com", DEFAULT],
    ["unknown.example.com", DEFAULT],
    ["", DEFAULT],
  ])("SNI %j: %s", async (servername, name) => {
    expect((await greet(servername)).name).toBe(name);
  });

  it("of either kind of key", async () => {
    expect((await greet("a.example.com")).key).toBe("ecdsa");
    expect((await greet("rsa.example.com")).key).toBe("rsa");
  });

  it.each([["a.example.com"], [""]])("with SNI %j HTTP/2 and HTTP/1.1 are offered", async (servername) => {
    expect((await greet(servername, { ALPNProtocols: ["h2", "http/1.1"] })).alpn).toBe("h2");
    expect((await greet(servername, { ALPNProtocols: ["http/1.1"] })).alpn).toBe("http/1.1");
  });

  it("versions from 1.2 to 1.3", async () => {
    expect((await greet("a.example.com")).version).toBe("TLSv1.3");
    expect((await greet("a.example.com", { maxVersion: "TLSv1.2" })).version).toBe("TLSv1.2");
    await expect(greet("a.example.com", { minVersion: "TLSv1", maxVersion: "TLSv1.1" })).rejects.toThrow();
  });
});

describe("which host is served", () => {
  it.each<[servername: string, host: string, expected: string | number]>([
    ["a.example.com", "a.example.com", "echo"],
    ["a.example.com", "A.example.com:8443", "echo"],
    ["", "a.example.com", "echo"],
    ["unknown.example.com", "a.example.com", "echo"],
    ["plain.example.com", "plain.example.com", "echo"],
    ["", "unknown.example.com", 404],
    ["unknown.example.com", "unknown.example.com", 404],
    ["two.example.com", "three.example.com", "echo"],
    ["a.example.com", "two.example.com", 421],
    ["a.example.com", "plain.example.com", 421],
    ["a.example.com", "unknown.example.com", 421],
    ["special.wild.example.com", "any.wild.example.com", 421],
    ["any.wild.example.com", "other.wild.example.com", "echo"],
    ["deep.any.wild.example.com", "deep.any.wild.example.com", 404],
  ])("SNI %j, host %s: %s", async (servername, host, expected) => {
    expect(await shared.who({ host, servername, https: true })).toBe(expected);
  });

  it("a name below a wildcard's one label gets the rules without a host", async () => {
    for (const servername of ["deep.any.wild.example.com", "", "any.wild.example.com"]) {
      const request = { host: "deep.any.wild.example.com", servername, https: true };
      expect(await shared.who({ ...request, path: "/hostless" })).toBe("echo");
      expect(await shared.who(request)).toBe(404);
    }
  });

  it("on one HTTP/2 connection, those of its certificate; others are misdirected and come again", async () => {
    const session = http2Session({ port: shared.gateway.httpsPort, servername: "two.example.com" });
    const status = async (host: string) =>
      (await http2Request(session, { ":path": "/", ":authority": host })).status;
    expect(await status("two.example.com")).toBe(200);
    expect(await status("three.example.com")).toBe(200);
    expect(await status("a.example.com")).toBe(421);
    expect(await status("two.example.com")).toBe(200);
    session.destroy();
  });
});

describe("faults", () => {
  it.each(Object.entries(FAULTS).map(([name, [code, serves]]) => ({ name, code, serves })))(
    "$name: $code, and the $serves certificate",
    async ({ name, code, serves }) => {
      const host = `${name}.bad.example.com`;
      expect((await greet(host)).name).toBe(serves === "own" ? `cert ${name}` : DEFAULT);
      expect(await shared.who({ host, https: true })).toBe("echo");
      const said = shared.diagnostics(name);
      expect(said).toMatchObject([{ code, key: "spec.tls", message: expect.stringContaining(name) }]);
      expect(JSON.stringify(said)).not.toMatch(/BEGIN|nonsense/);
    },
  );

  it("touch no other host", async () => {
    expect((await greet("fine.bad.example.com")).name).toBe("fine.bad.example.com");
    expect(shared.diagnostics("fine")).toEqual([]);
  });
});

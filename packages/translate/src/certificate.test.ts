import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { coversHost, secretCertificate } from "./certificate.ts";
import { hostCertificate } from "./host-certificate.ts";
import { ingress, type KeyPair, keyPair, secret } from "./testing/index.ts";

let one: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  [one, other] = await Promise.all([keyPair(["a.test", "*.wild.test"]), keyPair(["b.test"])]);
});

const read = (data: Partial<KeyPair>) => secretCertificate(secret("s", data));
const faultOf = (data: Partial<KeyPair>): string => {
  const result = read(data);
  return result.ok ? expect.unreachable("it was taken") : result.fault;
};

describe("a Secret", () => {
  test("gives chain and key, encoded anew", () => {
    const result = read({ chain: `a comment\n${one.chain}${other.chain}`, key: `\n${one.key}` });
    if (!result.ok) return expect.unreachable(result.fault);
    const chain = Buffer.from(result.certificate.chain).toString();
    expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(chain).not.toContain("comment");
    expect(createPrivateKey(Buffer.from(result.certificate.key)).type).toBe("private");
    expect(result.certificate.origins).toEqual([
      { object: { kind: "Secret", namespace: "default", name: "s" } },
    ]);
  });

  test("may hold a key in the forms that tools write", () => {
    const key = createPrivateKey(one.key);
    const sec1 = key.export({ type: "sec1", format: "pem" });
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    expect(read({ chain: one.chain, key: `${sec1}` })).toMatchObject({ ok: true });
    expect(read({ chain: one.chain, key: `${parameters}${sec1}` })).toMatchObject({ ok: true });
    expect(read({ chain: one.chain.replaceAll("\n", "\r\n"), key: one.key })).toMatchObject({ ok: true });
  });

  test("is told what it lacks", async () => {
    expect(faultOf({ key: one.key })).toBe("it lacks tls.crt");
    expect(faultOf({ chain: one.chain })).toBe("it lacks tls.key");
    expect(faultOf({ chain: "", key: one.key })).toContain("tls.crt is not a chain");
    expect(faultOf({ chain: one.chain.replace(/[A-Z]{6}/, "!!!"), key: one.key })).toContain(
      "tls.crt is not",
    );
    expect(faultOf({ chain: one.chain, key: "junk" })).toContain("tls.key is not");
    expect(faultOf({ chain: one.chain, key: one.chain })).toContain("tls.key is not");
    expect(faultOf({ chain: one.chain, key: encrypted(one) })).toContain("without a passphrase");
    expect(faultOf({ chain: one.chain, key: other.key })).toBe("tls.key does not belong to tls.crt");
    // The leaf comes first; servers that sort chains hide that mistake.
    expect(faultOf({ chain: `${other.chain}${one.chain}`, key: one.key })).toContain("does not belong");
    expect(faultOf(await keyPair(["a.test"], { algorithm: "rsa1024" }))).toContain("1024 bits");
  });

  test("never shows its bytes", () => {
    const words = [
      faultOf({ chain: one.chain, key: other.key }),
      faultOf({ chain: "junk-in-it", key: one.key }),
    ];
    expect(words.join()).not.toMatch(/junk-in-it|BEGIN/);
  });
});

function encrypted({ key }: KeyPair): string {
  const options = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" } as const;
  return createPrivateKey(key).export(options).toString();
}

test("a certificate is valid for its names, with a wildcard for one label", () => {
  const leaf = new X509Certificate(one.chain);
  const covered = ["a.test", "x.wild.test", "*.wild.test"];
  const not = ["b.test", "x.a.test", "*.a.test", "wild.test", "x.y.wild.test", "*.x.wild.test"];
  expect(covered.filter((host) => coversHost(leaf, host))).toEqual(covered);
  expect(not.filter((host) => coversHost(leaf, host))).toEqual([]);
});

describe("the certificate of a host", () => {
  const tls = (name: string, secretName?: string, host = "a.test") =>
    ingress(name, { tls: [{ hosts: [host], ...(secretName === undefined ? {} : { secretName }) }] });
  const secrets = (key: string) =>
    ({
      "default/sound": secretCertificate(secret("sound", one)),
      "default/other": secretCertificate(secret("other", other)),
      "default/junk": secretCertificate(secret("junk", {})),
    })[key];
  const found = (ingresses: Parameters<typeof hostCertificate>[0]["ingresses"], now = Date.now()) => {
    const { diagnostics, ...rest } = hostCertificate({ host: "a.test", ingresses, parsed: secrets, now });
    return { ...rest, codes: diagnostics.map(({ code, severity }) => `${code} ${severity}`) };
  };

  test.each([
    ["nobody names it", [], { named: false, codes: [] }],
    ["a sound Secret", [tls("i", "sound")], { named: true, certificate: "default/sound", codes: [] }],
    [
      "the oldest decides",
      [tls("i", "sound"), tls("j", "junk")],
      { named: true, certificate: "default/sound", codes: [] },
    ],
    [
      "the oldest decides, broken or not",
      [tls("j", "junk"), tls("i", "sound")],
      { named: true, codes: ["certificate-invalid warning"] },
    ],
    ["no secretName", [tls("i")], { named: true, codes: ["certificate-missing info"] }],
    [
      "a Secret that is not there",
      [tls("i", "absent")],
      { named: true, codes: ["certificate-missing warning"] },
    ],
    ["one for another host", [tls("i", "other")], { named: true, codes: ["certificate-host warning"] }],
  ])("%s", (_title, ingresses, expected) => expect(found(ingresses)).toEqual(expected));

  test("is served when it is past its end, and that is told", () => {
    expect(found([tls("i", "sound")], Date.now() + 3 * 3600 * 1000)).toEqual({
      named: true,
      certificate: "default/sound",
      codes: ["certificate-expired warning"],
    });
  });
});

import type { Secret } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { secretAuthority } from "./authority.ts";
import { TEST_AUTHORITY, TEST_REVOCATION_LIST } from "./testing/authority.ts";

const secret = (data: Readonly<Record<string, string>>): Secret => ({
  kind: "Secret",
  metadata: { namespace: "shop", name: "clients", labels: {}, annotations: {} },
  type: "Opaque",
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text)])),
});

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe("what can be used", () => {
  test("certificates, encoded anew and each once, without what stands around them", () => {
    const result = secretAuthority(secret({ "ca.crt": `# ours\n${TEST_AUTHORITY}\n${TEST_AUTHORITY}` }));
    if (!result.ok) throw new Error(result.fault);
    const { name, certificates, revoked, origins } = result.authority;
    expect(name).toBe("shop/clients/ca");
    expect(text(certificates)).toBe(TEST_AUTHORITY);
    expect(revoked).toBeUndefined();
    expect(origins).toEqual([{ object: { kind: "Secret", namespace: "shop", name: "clients" } }]);
  });

  test("revocation lists", () => {
    const result = secretAuthority(
      secret({ "ca.crt": TEST_AUTHORITY, "ca.crl": `\n${TEST_REVOCATION_LIST}` }),
    );
    if (!result.ok) throw new Error(result.fault);
    const plain = (pem: string) => pem.replace(/\s/g, "");
    expect(plain(text(result.authority.revoked))).toBe(plain(TEST_REVOCATION_LIST));
  });
});

const BROKEN = (pem: string): string => pem.replace(/\n[A-Za-z0-9+/=]+\n/, "\n");

test.each<[Readonly<Record<string, string>>, string]>([
  [{}, "lacks ca.crt"],
  [{ "ca.crt": "nonsense" }, "PEM certificates"],
  [{ "ca.crt": BROKEN(TEST_AUTHORITY) }, "PEM certificates"],
  [{ "ca.crt": TEST_AUTHORITY, "ca.crl": "" }, "revocation lists"],
  [{ "ca.crt": TEST_AUTHORITY, "ca.crl": TEST_AUTHORITY }, "revocation lists"],
  [{ "ca.crt": TEST_AUTHORITY, "ca.crl": BROKEN(TEST_REVOCATION_LIST) }, "revocation lists"],
])("what cannot, %#: %s", (data, fault) => {
  expect(secretAuthority(secret(data))).toMatchObject({ ok: false, fault: expect.stringContaining(fault) });
});

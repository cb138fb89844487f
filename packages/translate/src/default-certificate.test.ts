import { DEFAULT_CERTIFICATE } from "@sluice/model";
import { beforeAll, describe, expect, test } from "vitest";
import { ingress, type KeyPair, keyPair, secret, TEST_SETTINGS, translate } from "./testing/index.ts";

const fallback = TEST_SETTINGS.defaultCertificate;
let one: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  [one, other] = await Promise.all([keyPair(["one.test"]), keyPair(["other.test"])]);
});

function withSecret(expected: boolean) {
  const world = translate([ingress("web", { rules: [["web.test", [{}]]] })], {
    features: [],
    settings: { defaultSecret: { namespace: "default", name: "shared", expected } },
  });
  const served = () => {
    const certificate = world.certificates.get(DEFAULT_CERTIFICATE);
    if (certificate === fallback) return "fallback";
    const chain = certificate && Buffer.from(certificate.chain).toString();
    return chain === one.chain ? "one" : chain === other.chain ? "other" : undefined;
  };
  const about = () =>
    world
      .diagnostics()
      .filter(({ origin }) => origin?.object.kind === "Secret")
      .map(({ code, severity }) => `${severity} ${code}`);
  return { world, served, about };
}

describe("the Secret of the default certificate", () => {
  test("is served as soon as it is there, follows its changes, and gives way when it goes", () => {
    const { world, served, about } = withSecret(false);
    expect([served(), about()]).toEqual(["fallback", []]);
    world.set(secret("shared", one));
    expect([served(), about()]).toEqual(["one", []]);
    const hosts = world.virtualHosts.get("web.test");
    world.set(secret("shared", other));
    expect([served(), about()]).toEqual(["other", []]);
    // No host depends on it.
    expect(world.virtualHosts.get("web.test")).toBe(hosts);
    world.remove(secret("shared", other));
    expect([served(), about()]).toEqual(["fallback", []]);
    world.stop();
  });

  test("is reported where it cannot be used, and where it is missing only if it was asked for by name", () => {
    const { world, served, about } = withSecret(true);
    expect([served(), about()]).toEqual(["fallback", ["error certificate-missing"]]);
    world.set(secret("shared", { chain: one.chain, key: other.key }));
    expect([served(), about()]).toEqual(["fallback", ["error certificate-invalid"]]);
    world.set(secret("shared", one));
    expect([served(), about()]).toEqual(["one", []]);
    world.stop();

    const shared = withSecret(false);
    shared.world.set(secret("shared", {}));
    expect([shared.served(), shared.about()]).toEqual(["fallback", ["error certificate-invalid"]]);
    shared.world.stop();
  });

  test("is wanted of the source, though no Ingress names it", () => {
    const { world } = withSecret(false);
    expect(world.store.wanted("Secret").current()).toContain("Secret/default/shared");
    world.stop();
  });
});

import { describe, expect, test } from "vitest";
import { loadSettings } from "./load-settings.ts";

describe("namespaces to watch", () => {
  test.each<[string, Parameters<typeof loadSettings>[0]["flags"], Record<string, string>, string[]]>([
    ["none", {}, {}, []],
    ["flags, joined", { watchNamespace: "shop,news" }, {}, ["shop", "news"]],
    ["a variable, with spaces", {}, { SLUICE_WATCH_NAMESPACE: "shop, news" }, ["shop", "news"]],
    ["a list, as in a file", { watchNamespace: ["shop"] }, {}, ["shop"]],
  ])("%s", (_, flags, env, expected) => {
    expect(loadSettings({ flags, env }).watchNamespace).toEqual(expected);
  });

  test.each(["Shop", "shop,,news", "a/b"])("%j is refused", (watchNamespace) => {
    expect(() => loadSettings({ flags: { watchNamespace }, env: {} })).toThrow(
      "--watch-namespace cannot be used: names of namespaces, with commas between them.",
    );
  });
});

test("a switch is a flag without a value, and true or false elsewhere", () => {
  expect(loadSettings({ flags: { kube: true }, env: {} }).kube).toBe(true);
  expect(loadSettings({ flags: {}, env: { SLUICE_KUBE: "true" } }).kube).toBe(true);
  expect(loadSettings({ flags: {}, env: {} }).kube).toBe(false);
});

const dnsResolver = (text: string) => loadSettings({ flags: { dnsResolver: text }, env: {} }).dnsResolver;

describe("--dns-resolver", () => {
  test.each(["10.96.0.10:53", "127.0.0.1:5353", "[fd00::a]:53"])("%s", (text) => {
    expect(dnsResolver(text)).toBe(text);
  });

  test.each([
    "10.96.0.10",
    "10.96.0.10:0",
    "10.96.0.10:65536",
    "10.96.0.10:dns",
    "fd00::a:53",
    "dns.example:53",
    "unix:/run/dns",
    ":53",
  ])("%s is refused, with the flag's name", (text) => {
    expect(() => dnsResolver(text)).toThrow(/--dns-resolver cannot be used/);
  });
});

test("external names are off, and DNS servers those of the system, unless said otherwise", () => {
  expect(loadSettings({ flags: {}, env: {} })).toMatchObject({ allowExternalName: false });
  expect(loadSettings({ flags: {}, env: {} }).dnsResolver).toBeUndefined();
  expect(
    loadSettings({
      flags: {},
      env: { SLUICE_ALLOW_EXTERNAL_NAME: "true", SLUICE_DNS_RESOLVER: "10.0.0.1:53" },
    }),
  ).toMatchObject({ allowExternalName: true, dnsResolver: "10.0.0.1:53" });
});

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

describe("what cannot be used is named, with what was expected", () => {
  test.each([
    ["httpPort", "", "a whole number from 0 to 65535"],
    ["httpPort", "0x50", "a whole number from 0 to 65535"],
    ["httpPort", "65536", "a whole number from 0 to 65535"],
    ["httpPort", true, "a whole number from 0 to 65535"],
    ["httpPort", null, "a whole number from 0 to 65535"],
    ["concurrency", 1.5, "a whole number from 1 to 512"],
    ["listenAddress", "localhost", "an IP address"],
    ["debugAddress", "127.0.0.1:99999", "HOST:PORT"],
    ["xdsAddress", "unix:", "HOST:PORT or unix:PATH"],
    ["ingressClass", "", "a name"],
    ["sslRedirect", "yes", "true or false"],
    ["logLevel", "loud", "one of trace, debug, info, warn, error and silent"],
  ])("%s: %j", (name, value, expected) => {
    expect(() => loadSettings({ flags: { [name]: value }, env: {} })).toThrow(
      `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} cannot be used: it must be ${expected}.`,
    );
  });

  test("one port for HTTP and HTTPS, of which Envoy would serve the first", () => {
    const same = { flags: { httpPort: "8443" }, env: {} };
    expect(() => loadSettings(same)).toThrow(
      "httpsPort cannot be used: it must not be the port for plain HTTP.",
    );
    expect(loadSettings({ flags: { httpPort: 0, httpsPort: 0 }, env: {} })).toMatchObject({ httpPort: 0 });
  });
});
